#include "jit_grantd/terminals.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

namespace {

// Devices and pseudoterminals of one host.
constexpr std::size_t max_devices = 8192;
constexpr std::size_t max_line_bytes = 512;

bool is_number(std::string_view text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// tty1, ttyS0: no name that means something else.
bool is_terminal_name(std::string_view name)
{
    if (!name.starts_with("tty"))
        return false;
    name.remove_prefix(name.starts_with("ttyS") ? 4 : 3);
    return is_number(name);
}

template <typename IsTerminal>
void tell_folder(const std::string &path, uid_t uid, std::string_view text, IsTerminal is_terminal)
{
    const Fd folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder)
        return;
    const auto names = sys::list_directory(folder.get(), max_devices);
    if (!names)
        return;
    for (const std::string &name : *names) {
        if (!is_terminal(name))
            continue;
        // Looked at before it is opened, since opening some lines waits or hangs them up; and
        // again, since it may be another's by then.
        struct stat about {
        };
        const auto is_theirs = [&] { return S_ISCHR(about.st_mode) && about.st_uid == uid; };
        if (fstatat(folder.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 || !is_theirs())
            continue;
        const Fd terminal{openat(folder.get(), name.c_str(),
                                 O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)};
        if (terminal && fstat(terminal.get(), &about) == 0 && is_theirs() &&
            isatty(terminal.get()) == 1)
            (void)!write(terminal.get(), text.data(), text.size());
    }
}

} // namespace

void tell_terminals(const std::string &devices, uid_t uid, std::string_view line)
{
    // From wherever the cursor stands.
    const std::string text = "\r\n" + safe_text(line, max_line_bytes) + "\r\n";
    tell_folder(devices + "/pts", uid, text, is_number);
    tell_folder(devices, uid, text, is_terminal_name);
}

} // namespace jit::grantd
