#include "pam_jit/caller.h"

#include <fcntl.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/fd.h"
#include "pam_jit/converse.h"
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

// In these two the real uid is the person's own, whomever he wants to become.
bool is_by_uid(std::string_view service)
{
    return is_sudo(service) || is_su(service);
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

// libpam's own pam_modutil_getpwnam(3) does not do: with no memory left for its result it tries two
// thousand million times. What does not fit the buffer is not found.
struct Entry {
    passwd *found = nullptr;
    passwd entry;
    std::array<char, 16384> bytes;

    void find(const char *name)
    {
        if (getpwnam_r(name, &entry, bytes.data(), bytes.size(), &found) != 0)
            found = nullptr;
    }
    void find(uid_t uid)
    {
        if (getpwuid_r(uid, &entry, bytes.data(), bytes.size(), &found) != 0)
            found = nullptr;
    }
    const char *name() const { return found == nullptr ? nullptr : found->pw_name; }
};

// What sshd knows of the login, before the program that runs for it could have changed it.
void read_login(pam_handle_t *handle, Caller &out)
{
    const char *const connection = pam_getenv(handle, "SSH_CONNECTION");
    if (connection == nullptr)
        return;
    out.connection = connection;
    out.rhost = first_word(out.connection);
    out.tty = {}; // there is none yet
    const char *const proof = pam_getenv(handle, "SSH_AUTH_INFO_0");
    if (proof != nullptr)
        out.proof = proof;
}

void read_requester(pam_handle_t *handle, Entry &person, Caller &out)
{
    person.find(getuid());
    if (person.name() == nullptr || !out.person.set(person.name())) {
        out.problem = Sentence::no_uid_name;
        out.requester = out.person.add("#").add_number(getuid()).view();
        return;
    }
    out.requester = out.person.view();
    const std::string_view ruser = item_of(handle, PAM_RUSER);
    if (!ruser.empty() && ruser != out.requester)
        out.problem = Sentence::other_caller;
}

// A name that begins like sudo's may have been given to a daemon, whose real uid is 0 for
// everybody: there it must also be root whom the program names as its caller and proves, as sudo
// does.
bool is_root_himself(pam_handle_t *handle, std::string_view service)
{
    const bool is_known = !is_sudo(service) || service == "sudo" || service == "sudo-i";
    return is_known ||
           (item_of(handle, PAM_RUSER) == "root" && item_of(handle, PAM_USER) == "root");
}

} // namespace

std::string_view service_of(pam_handle_t *handle)
{
    return item_of(handle, PAM_SERVICE);
}

bool has_user(pam_handle_t *handle)
{
    return !item_of(handle, PAM_USER).empty();
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

void read_caller(pam_handle_t *handle, Caller &out)
{
    out.service = service_of(handle);
    out.tty = item_of(handle, PAM_TTY);
    out.rhost = item_of(handle, PAM_RHOST);
    if (is_sshd(out.service))
        read_login(handle, out);
    out.is_by_uid = is_by_uid(out.service);
    // Never by the name of the target: sudo asks about root whenever root runs it.
    out.is_exempt = out.is_by_uid && getuid() == 0 && is_root_himself(handle, out.service);
    if (out.is_exempt)
        return;
    Entry person; // one for all look-ups: a page of stack is a page fault in each new sudo
    if (out.is_by_uid)
        read_requester(handle, person, out);

    const char *user = nullptr;
    // login takes the item away between tries; this asks again where it must, and calls what is not
    // there where a program has no conversation.
    const bool may_get = has_user(handle) || has_conversation(handle);
    if (!may_get || pam_get_user(handle, &user, nullptr) != PAM_SUCCESS || user == nullptr ||
        *user == '\0') {
        out.problem = Sentence::no_user;
        return;
    }
    out.account = user;
    if (!out.is_by_uid)
        out.requester = out.account;
    if (!out.problem && !is_name(out.requester))
        out.problem = Sentence::unfit_user;

    // sudo asks for its caller, whose entry was found by his uid: each look-up reads a file.
    const bool is_own = out.is_by_uid && out.account == out.requester;
    if (!is_own)
        person.find(user);
    if (person.found != nullptr) {
        const uid_t uid = person.entry.pw_uid;
        out.names[out.name_count++] = out.account;
        if (!is_own)
            person.find(uid);
        // Half of the names is none: a gate may stand before the other half.
        if (person.name() == nullptr)
            out.name_count = 0;
        else if (!out.first_name.set(person.name()))
            out.problem = Sentence::unfit_account;
        else if (out.first_name.view() != out.account)
            out.names[out.name_count++] = out.first_name.view();
        out.is_exempt =
            out.service == "login" && uid == 0 && out.rhost.empty() && is_console(out.tty);
    }
    // Of polkit's helper it says nothing: the agent has shown the person what it is about.
    if (out.service != "polkit-1")
        read_command_line(out);
}

} // namespace jit::pam
