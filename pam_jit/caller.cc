#include "pam_jit/caller.h"

#include <fcntl.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/fd.h"
#include "pam_jit/names.h"

namespace jit::pam {

namespace {

std::string_view item_of(pam_handle_t *handle, int type)
{
    const void *item = nullptr;
    if (pam_get_item(handle, type, &item) != PAM_SUCCESS || item == nullptr)
        return {};
    return static_cast<const char *>(item);
}

bool is_sudo(std::string_view service)
{
    return service == "sudo" || service == "sudo-i";
}

// In these two the real uid is the person's own, whomever he wants to become.
bool is_by_uid(std::string_view service)
{
    return is_sudo(service) || service == "su" || service == "su-l";
}

void read_command_line(Caller &out)
{
    std::array<char, 4096> bytes;
    const Fd file{open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)};
    std::size_t used = 0;
    while (file && used < bytes.size()) {
        const ssize_t got = read(file.get(), bytes.data() + used, bytes.size() - used);
        if (got > 0)
            used += static_cast<std::size_t>(got);
        else if (got == 0 || errno != EINTR)
            break;
    }
    const std::string_view command_line{bytes.data(), used};
    write_command(command_line, is_sudo(out.service), out.command);
    out.is_non_interactive = is_sudo(out.service) && is_non_interactive(command_line);
}

void read_requester(pam_handle_t *handle, Caller &out)
{
    const passwd *person = pam_modutil_getpwuid(handle, getuid());
    if (person == nullptr || person->pw_name == nullptr) {
        out.problem = "your user id has no name on this host";
        return;
    }
    out.requester = person->pw_name;
    const std::string_view ruser = item_of(handle, PAM_RUSER);
    if (!ruser.empty() && ruser != out.requester)
        out.problem = "the program names another caller than its user id";
}

} // namespace

std::string_view service_of(pam_handle_t *handle)
{
    return item_of(handle, PAM_SERVICE);
}

bool is_console(std::string_view tty)
{
    if (begins_with(tty, "/dev/"))
        tty.remove_prefix(5);
    if (tty == "console")
        return true;
    for (const std::string_view front : {"ttyS", "ttyAMA", "hvc"})
        if (begins_with(tty, front))
            return true;
    if (!begins_with(tty, "tty") || tty.size() == 3)
        return false;
    for (const char c : without_front(tty, 3))
        if (!is_digit(c))
            return false;
    return true;
}

Caller read_caller(pam_handle_t *handle)
{
    Caller out;
    out.service = service_of(handle);
    out.tty = item_of(handle, PAM_TTY);
    out.rhost = item_of(handle, PAM_RHOST);
    out.is_by_uid = is_by_uid(out.service);
    // Never by the name of the target: sudo asks about root whenever root runs it.
    out.is_exempt = out.is_by_uid && getuid() == 0;
    if (out.is_exempt)
        return out;
    if (out.is_by_uid)
        read_requester(handle, out);

    const char *user = nullptr;
    // login takes the item away between tries; this asks again where it must.
    if (pam_get_user(handle, &user, nullptr) != PAM_SUCCESS || user == nullptr || *user == '\0') {
        out.problem = "there is no user name";
        return out;
    }
    out.account = user;
    if (!out.is_by_uid)
        out.requester = out.account;
    if (out.problem == nullptr && !is_name(out.requester))
        out.problem = "your user name is not one that jit can handle";

    if (out.is_by_uid && out.account == out.requester) {
        // sudo asks for its caller, whose entry was found by his uid: each look-up reads a file.
        out.names[out.name_count++] = out.account;
    } else if (const passwd *found = pam_modutil_getpwnam(handle, user)) {
        const uid_t uid = found->pw_uid;
        out.names[out.name_count++] = out.account;
        const passwd *first = pam_modutil_getpwuid(handle, uid);
        if (first != nullptr && first->pw_name != nullptr && out.account != first->pw_name)
            out.names[out.name_count++] = first->pw_name;
        out.is_exempt =
            out.service == "login" && uid == 0 && out.rhost.empty() && is_console(out.tty);
    }
    read_command_line(out);
    return out;
}

} // namespace jit::pam
