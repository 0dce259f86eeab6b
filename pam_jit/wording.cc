#include "pam_jit/wording.h"

#include <cstring>
#include <initializer_list>

#include "pam_jit/names.h"

namespace jit::pam {

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_message_bytes = 300;
constexpr std::size_t max_command_shown = 52; // within 80 columns
constexpr std::size_t max_roles_bytes = ipc::max_reply_roles * (max_name_bytes + 1);

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

// A long code without a mark of its own in groups, as it is read aloud. Empty: it is not one.
FixedText<24> groups_of(std::string_view code)
{
    FixedText<24> out;
    if (code.size() < 7 || code.size() > 16)
        return out;
    for (const char c : code)
        if (!is_letter(c) && !is_digit(c))
            return out;
    const std::size_t group = code.size() % 4 == 0 ? 4 : 3;
    for (std::size_t i = 0; i < code.size(); ++i)
        out.add(i > 0 && i % group == 0 ? " " : "").add({&code[i], 1});
    return out;
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

void add(Text &out, Sentence sentence, std::initializer_list<Value> values = {})
{
    add_sentence(out, spoken(), sentence, {values.begin(), values.size()});
}

void add_line(Text &out, Sentence sentence, std::initializer_list<Value> values = {})
{
    out.add("\n");
    add(out, sentence, values);
}

// Role, host and duration, below what jitd wants to say.
void add_what(Text &out, const ipc::ElevationReply &reply)
{
    if (!reply.message.empty()) {
        add(out, Sentence::said, {{"{message}", reply.message.view(), 256}});
        out.add("\n");
    }
    const Value role{"{role}", reply.role.view()};
    const Value host{"{host}", reply.host.view()};
    if (!reply.duration_s)
        return add(out, reply.host.empty() ? Sentence::asks_role : Sentence::asks_role_on_host,
                   {role, host});
    const SpanText span = span_text(std::chrono::seconds{*reply.duration_s});
    add(out, reply.host.empty() ? Sentence::asks_role_for : Sentence::asks_role_on_host_for,
        {role, host, {"{duration}", span.view()}});
}

void add_address(Text &out, const ipc::ElevationReply &reply)
{
    add_line(out, Sentence::open_address, {{"{uri}", reply.uri.view(), 512}});
}

void add_code(Text &out, std::string_view code)
{
    const auto groups = groups_of(code);
    add_line(out, groups.empty() ? Sentence::enter_code : Sentence::enter_long_code,
             {{"{code}", code}, {"{groups}", groups.view()}});
}

// "14:05 UTC", of a time as is_time() has it; with the day where the grant may end on another.
FixedText<24> until_text(std::string_view time, std::chrono::seconds duration)
{
    FixedText<24> out;
    if (duration >= std::chrono::hours{24})
        out.add({time.data(), 10}).add(" ");
    out.add({time.data() + 11, 5}).add(" UTC");
    return out;
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

SpanText span_text(std::chrono::seconds span)
{
    SpanText out;
    std::int64_t left = span.count() > 0 ? span.count() : 0;
    const auto add_unit = [&](std::int64_t unit, std::string_view letter) {
        if (left < unit)
            return;
        out.add_number(left / unit).add(letter);
        left %= unit;
    };
    add_unit(86400, "d");
    add_unit(3600, "h");
    add_unit(60, "m");
    add_unit(1, "s");
    if (out.empty())
        out.add("0s");
    return out;
}

namespace {

// Whole minutes read better in a line that comes once a minute, and of a long wait.
SpanText rough_text(std::chrono::seconds left)
{
    const bool is_long = left >= std::chrono::seconds{60};
    return span_text(is_long ? left - left % std::chrono::seconds{60} : left);
}

} // namespace

std::string_view for_log(Sentence sentence)
{
    std::string_view words = english[static_cast<std::size_t>(sentence)].words();
    words.remove_prefix(std::strlen("jit: "));
    return words;
}

Text words_of(Sentence sentence)
{
    Text out;
    add(out, sentence);
    return out;
}

Text said_words(std::string_view message)
{
    Text out;
    add(out, Sentence::said, {{"{message}", message, max_message_bytes}});
    return out;
}

Text code_words(const ipc::ElevationReply &reply, std::string_view command,
                std::chrono::seconds left, const Screen &screen)
{
    Text out;
    add_what(out, reply);
    if (!command.empty())
        add_line(out,
                 command.size() > max_command_shown ? Sentence::asks_long_command
                                                    : Sentence::asks_command,
                 {{"{command}", command, max_command_shown}});
    add_address(out, reply);
    add_picture(out, reply.qr.view(), screen);
    add_code(out, reply.code.view());
    add_line(out, Sentence::code_lasts, {{"{left}", span_text(left).view()}});
    return out;
}

Text login_code_words(const ipc::ElevationReply &reply, std::chrono::seconds left, bool is_cut)
{
    Text out;
    add_what(out, reply);
    add_address(out, reply);
    add_code(out, reply.code.view());
    add_line(out, is_cut ? Sentence::login_waits : Sentence::login_code_lasts,
             {{"{left}", span_text(left).view()}});
    out.add("\n"); // the prompt follows
    return out;
}

Text not_yet_words(std::chrono::seconds left)
{
    Text out;
    add(out, Sentence::not_yet, {{"{left}", span_text(left).view()}});
    out.add("\n");
    return out;
}

Text waiting_words(std::chrono::seconds left)
{
    Text out;
    add(out, Sentence::still_waiting, {{"{left}", rough_text(left).view()}});
    return out;
}

Text approval_words(const ipc::ElevationReply &reply, std::chrono::seconds left, bool has_keys)
{
    Text out;
    if (reply.message.empty() && !has_keys)
        return waiting_approval_words(left);
    if (!reply.message.empty())
        out = said_words(reply.message.view());
    if (!reply.message.empty() && has_keys)
        out.add("\n");
    if (has_keys)
        add(out, Sentence::approval_lasts, {{"{left}", rough_text(left).view()}});
    return out;
}

Text login_approval_words(const ipc::ElevationReply &reply, std::chrono::seconds left, Wait wait)
{
    Text out;
    if (!reply.message.empty())
        out = said_words(reply.message.view()).add("\n");
    add(out,
        wait == Wait::whole     ? Sentence::login_approval_lasts
        : wait == Wait::goes_on ? Sentence::login_approval_goes_on
                                : Sentence::login_approval_ends,
        {{"{left}", span_text(left).view()}});
    out.add("\n"); // the prompt follows
    return out;
}

Text waiting_approval_words(std::chrono::seconds left)
{
    Text out;
    add(out, Sentence::still_waiting_approval, {{"{left}", rough_text(left).view()}});
    return out;
}

Text kept_words(Sentence sentence, std::string_view id)
{
    Text out;
    add(out, sentence, {{"{id}", id}});
    return out;
}

Text granted_words(const ipc::ElevationReply &reply, std::chrono::seconds duration)
{
    Text out;
    const Value role{"{role}", reply.role.view()};
    const SpanText span = span_text(duration);
    const Value how_long{"{duration}", span.view()};
    const bool is_span = duration > std::chrono::seconds{0};
    if (!is_time(reply.until.view())) {
        add(out, is_span ? Sentence::granted_for : Sentence::granted, {role, how_long});
        return out;
    }
    const auto until = until_text(reply.until.view(), duration);
    add(out, is_span ? Sentence::granted_until_for : Sentence::granted_until,
        {role, {"{until}", until.view()}, how_long});
    return out;
}

Text choice_words(const ipc::ElevationReply &reply)
{
    Text out;
    add(out, Sentence::choice);
    for (std::size_t i = 0; i < reply.role_count; ++i) {
        out.add(i < 9 ? "\n   " : "\n  ").add_number(static_cast<std::int64_t>(i) + 1).add("  ");
        out.add_safe(reply.roles[i].view(), max_name_bytes);
    }
    if (reply.has_more_roles)
        add_line(out, Sentence::choice_goes_on);
    return out;
}

Text choice_prompt(std::size_t count)
{
    Text out;
    FixedText<24> number;
    number.add_number(static_cast<std::int64_t>(count));
    add(out, Sentence::which_role, {{"{count}", number.view()}});
    return out;
}

Text no_grant_words(std::string_view role, Advice advice)
{
    Text out;
    add(out,
        advice == Advice::ssh      ? Sentence::no_grant_ssh
        : advice == Advice::ticket ? Sentence::no_grant_or_ticket
                                   : Sentence::no_grant,
        {{"{role}", role}});
    return out;
}

Text no_choice_words(const ipc::ElevationReply &reply)
{
    FixedText<max_roles_bytes> roles;
    for (std::size_t i = 0; i < reply.role_count; ++i)
        roles.add(i == 0 ? "" : " ").add_safe(reply.roles[i].view(), max_name_bytes);
    Text out;
    add(out, Sentence::no_grant_of, {{"{roles}", roles.view(), max_roles_bytes}});
    return out;
}

Text unreachable_words(std::string_view socket, int sys, std::chrono::seconds waited)
{
    Text out;
    const Value path{"{socket}", socket, 108};
    const char *const reason = sys == 0 ? nullptr : strerrordesc_np(sys); // without allocation
    if (sys == 0)
        add(out, Sentence::no_answer, {path, {"{duration}", span_text(waited).view()}});
    else if (reason == nullptr)
        add(out, Sentence::unreachable_somehow, {path});
    else
        add(out, Sentence::unreachable, {path, {"{reason}", reason}});
    add_line(out, Sentence::unreachable_advice);
    return out;
}

} // namespace jit::pam
