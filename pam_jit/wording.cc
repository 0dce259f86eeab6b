#include "pam_jit/wording.h"

#include <cstring>

#include "pam_jit/names.h"

namespace jit::pam {

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_message_bytes = 300;
constexpr std::size_t max_command_shown = 52; // within 80 columns

// "2026-03-17T09:41:05Z", whose digits are then where they are looked for.
bool is_time(std::string_view text)
{
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    if (text.size() != shape.size())
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

// A long code without a mark of its own once more, as it is read aloud. To be copied it stands
// there as it came.
void add_groups(Text &out, std::string_view code)
{
    if (code.size() < 7 || code.size() > 16)
        return;
    for (const char c : code)
        if (!is_letter(c) && !is_digit(c))
            return;
    const std::size_t group = code.size() % 4 == 0 ? 4 : 3;
    for (std::size_t i = 0; i < code.size(); ++i)
        out.add(i == 0 ? "  (" : i % group == 0 ? " " : "").add({&code[i], 1});
    out.add(")");
}

// All of it or none: on a screen that it would fill what is above it would be gone.
void add_picture(Text &out, std::string_view rows, const Screen &screen)
{
    ipc::QrPicture picture;
    if (!screen.has_room_for_picture() || !ipc::draw_qr(rows, picture))
        return;
    Text with = out;
    if (with.append("\n") && with.append({picture.c_str(), picture.size() - 1}))
        out = with;
}

// Role, host and duration, below what jitd wants to say.
void add_what(Text &out, const ipc::ElevationReply &reply)
{
    if (!reply.message.empty())
        out.add("jit: ").add_safe(reply.message.view(), 256).add("\n");
    out.add("jit: role \"").add_safe(reply.role.view(), max_name_bytes).add("\"");
    if (!reply.host.empty())
        out.add(" on host ").add_safe(reply.host.view(), max_name_bytes);
    if (reply.duration_s) {
        out.add(" for ");
        add_span(out, std::chrono::seconds{*reply.duration_s});
    }
}

} // namespace

Text make_ascii(const Text &text)
{
    Text out;
    for (const char c : text.view()) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80)
            out.add({&c, 1});
        else if (byte >= 0xC0) // the bytes that follow it are the same character
            out.add("?");
    }
    return out;
}

void add_span(Text &out, std::chrono::seconds span)
{
    std::int64_t left = span.count() > 0 ? span.count() : 0;
    bool is_empty = true;
    const auto add = [&](std::int64_t unit, std::string_view letter) {
        if (left < unit)
            return;
        out.add_number(left / unit).add(letter);
        left %= unit;
        is_empty = false;
    };
    add(86400, "d");
    add(3600, "h");
    add(60, "m");
    add(1, "s");
    if (is_empty)
        out.add("0s");
}

Text code_words(const ipc::ElevationReply &reply, std::string_view command,
                std::chrono::seconds left, const Screen &screen)
{
    Text out;
    add_what(out, reply);
    if (!command.empty()) {
        out.add("\njit: for the command  ").add_safe(command, max_command_shown);
        if (command.size() > max_command_shown)
            out.add(" ...");
    }
    out.add("\njit: to approve, open ").add_safe(reply.uri.view(), 512);
    add_picture(out, reply.qr.view(), screen);
    out.add("\njit: and enter the code  ").add_safe(reply.code.view(), 64);
    add_groups(out, reply.code.view());
    out.add("\njit: the code is good for ");
    add_span(out, left);
    out.add(" (Enter: done, Ctrl-C: cancel)");
    return out;
}

Text login_code_words(const ipc::ElevationReply &reply, std::chrono::seconds left, bool is_cut)
{
    Text out;
    add_what(out, reply);
    out.add("\njit: to approve, open ").add_safe(reply.uri.view(), 512);
    out.add("\njit: and enter the code  ").add_safe(reply.code.view(), 64);
    add_groups(out, reply.code.view());
    out.add(is_cut ? "\njit: this login waits for " : "\njit: the code is good for ");
    add_span(out, left);
    if (is_cut)
        out.add(", less than the code is good for");
    out.add("\n");
    return out;
}

Text enter_prompt()
{
    Text out;
    out.add("jit: when that is done, press Enter (Ctrl-C: cancel) ");
    return out;
}

Text not_yet_words(std::chrono::seconds left)
{
    Text out;
    out.add("jit: not approved yet, ");
    add_span(out, left);
    out.add(" left\n");
    return out;
}

Text waiting_words(std::chrono::seconds left)
{
    Text out;
    out.add("jit: still waiting, ");
    // Whole minutes read better in a line that comes once a minute.
    const bool is_long = left >= std::chrono::seconds{60};
    add_span(out, is_long ? left - left % std::chrono::seconds{60} : left);
    out.add(" left");
    return out;
}

Text granted_words(const ipc::ElevationReply &reply, std::chrono::seconds duration)
{
    Text out;
    out.add("jit: granted: role ").add_safe(reply.role.view(), max_name_bytes);
    const std::string_view until = reply.until.view();
    if (is_time(until)) {
        out.add(" until ");
        if (duration >= std::chrono::hours{24})
            out.add({until.data(), 10}).add(" ");
        out.add({until.data() + 11, 5}).add(" UTC");
    }
    if (duration > std::chrono::seconds{0}) {
        out.add(" (");
        add_span(out, duration);
        out.add(")");
    }
    out.add(".");
    return out;
}

Text choice_words(const ipc::ElevationReply &reply)
{
    Text out;
    out.add("jit: this can be opened with one of these roles:");
    for (std::size_t i = 0; i < reply.role_count; ++i) {
        out.add(i < 9 ? "\n   " : "\n  ").add_number(static_cast<std::int64_t>(i) + 1).add("  ");
        out.add_safe(reply.roles[i].view(), max_name_bytes);
    }
    if (reply.has_more_roles)
        out.add("\n  and more: jitctl roles");
    return out;
}

Text choice_prompt(std::size_t count)
{
    Text out;
    out.add("jit: which role (1 to ").add_number(static_cast<std::int64_t>(count)).add(")? ");
    return out;
}

Text reason_prompt()
{
    Text out;
    out.add("jit: your reason: ");
    return out;
}

Text no_grant_words(std::string_view role, Advice advice)
{
    Text out;
    out.add("jit: no live grant for role \"").add_safe(role, max_name_bytes).add("\"; ");
    if (advice == Advice::ssh)
        out.add("log in with your key and a prompt\n"
                "jit: (ssh -o PreferredAuthentications=publickey,keyboard-interactive),\n"
                "jit: or from another login there run: ");
    else
        out.add("run: ");
    if (advice == Advice::ticket)
        out.add("sudo -k and again, or ");
    out.add("jitctl request ").add_safe(role, max_name_bytes);
    return out;
}

Text no_choice_words(const ipc::ElevationReply &reply)
{
    Text out;
    out.add("jit: no live grant; run: jitctl request with one of");
    for (std::size_t i = 0; i < reply.role_count; ++i)
        out.add(" ").add_safe(reply.roles[i].view(), max_name_bytes);
    return out;
}

Text refused_words(std::string_view message)
{
    Text out;
    out.add("jit: ").add_safe(message, max_message_bytes);
    return out;
}

Text unreachable_words(std::string_view socket, int sys, std::chrono::seconds waited)
{
    Text out;
    out.add("jit: jitd does not answer (").add_safe(socket, 108).add(": ");
    if (sys == 0) {
        out.add("no answer within ");
        add_span(out, waited);
    } else {
        const char *words = strerrordesc_np(sys); // untranslated, without allocation
        out.add(words == nullptr ? "unknown error" : words);
    }
    out.add(")\njit: try again, or on the console as root: systemctl status jitd.socket");
    return out;
}

} // namespace jit::pam
