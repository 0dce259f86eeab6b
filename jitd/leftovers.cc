#include "jitd/leftovers.h"

#include <cerrno>
#include <fcntl.h>

#include "lib/base/fd.h"
#include "lib/sys/folders.h"

namespace jit::daemon {

namespace {

// As long as root's ledger keeps what has ended (jit_grantd/limits.h).
constexpr std::chrono::hours kept{48};

ipc::Leftovers without_report(ipc::Look look)
{
    ipc::Leftovers leftovers;
    leftovers.look = look;
    return leftovers;
}

Result<std::string> read_report(const std::string &folder, const std::string &id)
{
    const Fd opened{open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!opened)
        return Error{errno == ENOENT ? Code::not_found : Code::unavailable,
                     "cannot open the folder of reports", errno};
    return sys::read_small_file(opened.get(), id + ".json", ipc::max_report_bytes);
}

} // namespace

ipc::Leftovers read_leftovers(const std::string &folder, const std::string &id, WallTime until,
                              WallTime now)
{
    const auto text = read_report(folder, id);
    if (!text && text.error().code == Code::not_found)
        return without_report(now < until + kept ? ipc::Look::waits : ipc::Look::forgotten);
    auto report =
        text ? ipc::decode_leftovers_report(*text) : Result<ipc::LeftoversReport>{text.error()};
    if (!report || report->grant != id)
        return without_report(ipc::Look::unreadable);
    return std::move(report->leftovers);
}

} // namespace jit::daemon
