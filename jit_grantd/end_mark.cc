#include "jit_grantd/end_mark.h"

#include <cerrno>
#include <fcntl.h>

#include "lib/base/fd.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

Result<void> mark_ends(const std::string &run)
{
    const Fd directory = TRY(sys::open_directory(run, 0755));
    const Fd mark{
        openat(directory.get(), end_mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!mark)
        return Error{Code::unavailable, "cannot open the mark of ends", errno};
    return {};
}

} // namespace jit::grantd
