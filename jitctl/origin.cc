#include "jitctl/origin.h"

#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/ipc/elevation.h"

namespace jit::ctl {

std::optional<std::string> read_tty()
{
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        char name[ipc::max_tty_bytes + 1] = {};
        if (ttyname_r(fd, name, sizeof name) == 0 && name[0] != '\0')
            return std::string{name};
    }
    return std::nullopt;
}

std::optional<std::int64_t> read_session()
{
    const Fd fd{open("/proc/self/sessionid", O_RDONLY | O_CLOEXEC)};
    char text[16] = {};
    const ssize_t got = fd ? read(fd.get(), text, sizeof text) : -1;
    if (got <= 0)
        return std::nullopt;
    std::uint32_t number = 0;
    const std::from_chars_result end = std::from_chars(text, text + got, number);
    // The largest number stands for "none".
    if (end.ec != std::errc{} || number == std::numeric_limits<std::uint32_t>::max())
        return std::nullopt;
    return number;
}

} // namespace jit::ctl
