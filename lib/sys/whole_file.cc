#include "lib/sys/whole_file.h"

#include <unistd.h>

#include <cerrno>

namespace jit::sys {

Result<std::string> read_whole(int file, std::size_t max_bytes)
{
    std::string text;
    for (;;) {
        char buffer[16384];
        const ssize_t got = read(file, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return Error{Code::unavailable, "cannot read the file", errno};
        if (got == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > max_bytes)
            return Error{Code::bad_input, "the file is too large"};
    }
}

} // namespace jit::sys
