#include "jitctl/plain_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/fd.h"
#include "lib/sys/whole_file.h"

namespace jit::ctl {

Result<std::string> read_plainly(int directory, const std::string &name, std::size_t max_bytes)
{
    // Without O_NONBLOCK a FIFO of that name would hold us for ever.
    const Fd fd{openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!fd)
        return Error{errno == ENOENT ? Code::not_found : Code::unavailable, "cannot open the file",
                     errno};
    struct stat about {
    };
    if (fstat(fd.get(), &about) != 0)
        return Error{Code::unavailable, "cannot look at the file", errno};
    if (!S_ISREG(about.st_mode))
        return Error{Code::bad_input, "not a regular file"};
    return sys::read_whole(fd.get(), max_bytes);
}

} // namespace jit::ctl
