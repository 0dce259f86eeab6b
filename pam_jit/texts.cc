#include "pam_jit/texts.h"

#include "lib/base/utf8.h"

namespace jit::pam {

constexpr Language english{{
    {Sentence::said, "jit: {message}"},
    {Sentence::asks_role, "jit: role \"{role}\""},
    {Sentence::asks_role_on_host, "jit: role \"{role}\" on host {host}"},
    {Sentence::asks_role_for, "jit: role \"{role}\" for {duration}"},
    {Sentence::asks_role_on_host_for, "jit: role \"{role}\" on host {host} for {duration}"},
    {Sentence::asks_command, "jit: for the command  {command}"},
    {Sentence::asks_long_command, "jit: for the command  {command} ..."},
    {Sentence::open_address, "jit: to approve, open {uri}"},
    {Sentence::enter_code, "jit: and enter the code  {code}"},
    {Sentence::enter_long_code, "jit: and enter the code  {code}  ({groups})"},
    {Sentence::code_lasts, "jit: the code is good for {left} (Enter: done, Ctrl-C: cancel)"},
    {Sentence::login_code_lasts, "jit: the code is good for {left}"},
    {Sentence::login_waits, "jit: this login waits for {left}, less than the code is good for"},
    {Sentence::press_enter, "jit: when that is done, press Enter (Ctrl-C: cancel) "},
    {Sentence::not_yet, "jit: not approved yet, {left} left"},
    {Sentence::still_waiting, "jit: still waiting, {left} left"},
    {Sentence::approval_lasts,
     "jit: {left} left for the approval (Enter: look now, Ctrl-C: stop waiting)"},
    {Sentence::login_approval_lasts, "jit: {left} left for the approval"},
    {Sentence::login_approval_goes_on,
     "jit: this login waits for {left}, and the request goes on after that"},
    {Sentence::login_approval_ends,
     "jit: this login waits for {left}, and the request ends with it"},
    {Sentence::look_again, "jit: press Enter to look again "},
    {Sentence::still_waiting_approval, "jit: still waiting for approval, {left} left"},
    {Sentence::keep_waiting, "jit: keep the request waiting, and come back to it later? [y/N] "},
    {Sentence::waits_on, "jit: the request waits on; to come back to it run the same again here\n"
                         "jit: (jitctl status {id})"},
    {Sentence::waits_for_you,
     "jit: not approved yet, and this wait is over; the request waits on:\n"
     "jit: to come back to it run the same again here (jitctl status {id})"},
    {Sentence::waits_for_login,
     "jit: not approved yet, and this login's time is over; the request waits on:\n"
     "jit: to come back to it log in with the same key from the same address\n"
     "jit: (jitctl status {id})"},
    {Sentence::granted, "jit: granted: role {role}."},
    {Sentence::granted_until, "jit: granted: role {role} until {until}."},
    {Sentence::granted_for, "jit: granted: role {role} ({duration})."},
    {Sentence::granted_until_for, "jit: granted: role {role} until {until} ({duration})."},
    {Sentence::choice, "jit: this can be opened with one of these roles:"},
    {Sentence::choice_goes_on, "  and more: jitctl roles"},
    {Sentence::which_role, "jit: which role (1 to {count})? "},
    {Sentence::your_reason, "jit: your reason: "},
    {Sentence::no_grant, "jit: no live grant for role \"{role}\"; run: jitctl request {role}"},
    {Sentence::no_grant_or_ticket,
     "jit: no live grant for role \"{role}\"; run: sudo -k and again,\n"
     "jit: or jitctl request {role}"},
    {Sentence::no_grant_ssh,
     "jit: no live grant for role \"{role}\"; log in with your key and a prompt\n"
     "jit: (ssh -o PreferredAuthentications=publickey,keyboard-interactive),\n"
     "jit: or from another login there run: jitctl request {role}"},
    {Sentence::no_grant_of, "jit: no live grant; run: jitctl request with one of {roles}"},
    {Sentence::unproven, "jit: nobody has proven who you are, and jit does not"},
    {Sentence::none_chosen, "jit: no role was chosen"},
    {Sentence::too_late, "jit: nobody approved in time; nothing was granted"},
    {Sentence::cancelled, "jit: cancelled"},
    {Sentence::bad_name, "jit: a name here is too long or not UTF-8"},
    {Sentence::not_understood, "jit: jitd's answer could not be understood"},
    {Sentence::denied, "jit: denied"},
    {Sentence::gone_early, "jit: jitd went away before it answered; try again"},
    {Sentence::gone, "jit: jitd went away; try again"},
    {Sentence::not_followed,
     "jit: jitd went away, and the request may go on; run it again to follow it"},
    {Sentence::not_left, "jit: jitd does not say that the request waits on;\n"
                         "jit: look: jitctl status {id}"},
    {Sentence::unreachable, "jit: jitd does not answer: {socket}: {reason}"},
    {Sentence::unreachable_somehow, "jit: jitd does not answer: {socket}: unknown error"},
    {Sentence::no_answer, "jit: jitd does not answer: {socket}: no answer within {duration}"},
    {Sentence::unreachable_advice,
     "jit: try again, or on the console as root: systemctl status jitd.socket"},
    {Sentence::no_uid_name, "jit: your user id has no name on this host"},
    {Sentence::other_caller, "jit: the program names another caller than its user id"},
    {Sentence::no_user, "jit: there is no user name"},
    {Sentence::unfit_user, "jit: your user name is not one that jit can handle"},
    {Sentence::unfit_account, "jit: the account's user name is too long"},
}};
static_assert(is_complete(english));

namespace {

constexpr std::string_view front = "jit: ";

// East Asian characters and pictures fill two columns, and lie above this.
unsigned columns_of(char32_t point)
{
    return point < 0x1100 ? 1 : 2;
}

// Of the word at the front.
std::size_t word_columns(std::string_view text)
{
    std::size_t columns = 0;
    while (!text.empty() && text[0] != ' ') {
        char32_t point = 0;
        const std::size_t length = utf8_front(text, point);
        columns += columns_of(point);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return columns;
}

// Where a line is parted: before a space. 0: it need not be, or can't.
std::size_t find_part(std::string_view line)
{
    std::size_t best = 0;
    std::size_t columns = 0;
    for (std::size_t at = 0; at < line.size();) {
        std::string_view left = line;
        left.remove_prefix(at);
        if (at >= front.size() && left[0] == ' ') {
            if (columns > max_columns)
                return best == 0 ? at : best;
            left.remove_prefix(1);
            const std::size_t next = word_columns(left);
            // A word that no line can hold, an address, gains nothing by a line of its own.
            if (next + front.size() > max_columns)
                best = 0;
            else if (!left.empty())
                best = at;
            ++columns;
            ++at;
            continue;
        }
        char32_t point = 0;
        const std::size_t length = utf8_front(left, point);
        columns += columns_of(point);
        at += length == 0 ? 1 : length;
    }
    return columns > max_columns ? best : 0;
}

void part_lines(Text &out, std::size_t from)
{
    while (from < out.size()) {
        std::string_view line = out.view();
        line.remove_prefix(from);
        std::size_t end = 0;
        while (end < line.size() && line[end] != '\n')
            ++end;
        const std::size_t part = find_part({line.data(), end});
        // The space at which it is parted follows the mark.
        const bool is_parted = part > 0 && out.insert(from + part, "\njit:");
        from += (is_parted ? part : end) + 1;
    }
}

} // namespace

void add_sentence(Text &out, const Language &language, Sentence sentence,
                  std::span<const Value> values)
{
    const std::size_t from = out.size();
    std::string_view words = language[static_cast<std::size_t>(sentence)].words();
    while (!words.empty()) {
        std::string_view before;
        const std::string_view place = next_place(words, before);
        out.add(before);
        for (const Value &value : values)
            if (value.place == place)
                out.add_safe(value.text, value.most_bytes);
    }
    part_lines(out, from);
}

} // namespace jit::pam
