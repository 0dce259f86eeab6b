#include "lib/sys/boot.h"

#include <cerrno>
#include <fcntl.h>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace jit::sys {

Result<std::string> read_boot_id()
{
    const Fd file{open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
    if (!file)
        return Error{Code::unavailable, "cannot open the kernel's boot id", errno};
    char text[64];
    const ssize_t got = read(file.get(), text, sizeof text);
    if (got < 0)
        return Error{Code::unavailable, "cannot read the kernel's boot id", errno};
    std::string id{text, static_cast<std::size_t>(got)};
    if (!id.empty() && id.back() == '\n')
        id.pop_back();
    if (!is_guid(id))
        return Error{Code::unavailable, "the kernel's boot id has an unknown form"};
    return id;
}

} // namespace jit::sys
