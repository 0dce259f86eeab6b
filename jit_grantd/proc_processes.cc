#include "jit_grantd/proc_processes.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jit_grantd/limits.h"
#include "jit_grantd/proc_text.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

Result<Process> ProcProcesses::look(pid_t pid)
{
    const std::string path = folder_ + "/" + std::to_string(pid);
    const Fd directory{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    // One that ends while it is looked at is as good as absent: its files fail with ESRCH.
    const auto stat = directory ? sys::read_small_file(directory.get(), "stat", max_proc_file_bytes)
                                : Result<std::string>{Error{Code::not_found, "no such process"}};
    const auto status = stat ? sys::read_small_file(directory.get(), "status", max_proc_file_bytes)
                             : Result<std::string>{stat.error()};
    if (!status)
        return Error{Code::not_found, "no such process"};
    Process process = TRY(parse_stat(*stat));
    TRY(parse_status(*status, process));
    return process;
}

Result<std::vector<Process>> ProcProcesses::list()
{
    const Fd directory{open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory)
        return Error{Code::unavailable, "cannot open /proc", errno};
    std::vector<Process> processes;
    for (const std::string &name : TRY(sys::list_directory(directory.get(), max_processes))) {
        pid_t pid = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (read.ec != std::errc{} || read.ptr != name.data() + name.size())
            continue;
        auto process = look(pid);
        if (process)
            processes.push_back(*std::move(process));
    }
    return processes;
}

void ProcProcesses::await_end(const Run &run, std::chrono::milliseconds patience)
{
    // Not in every C library that we build with.
    const Fd process{static_cast<int>(syscall(SYS_pidfd_open, run.pid, 0U))};
    const auto known = look(run.pid);
    if (!process || !known || known->start != run.start)
        return;
    pollfd over{process.get(), POLLIN, 0};
    (void)poll(&over, 1, static_cast<int>(patience.count())); // a signal only makes it shorter
}

} // namespace jit::grantd
