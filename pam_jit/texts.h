// What the module says to a person: whole sentences in one table a language, with named places that
// are filled when one is said.
//
// A translation is one more table, in whose sentences the places may stand in any order and as
// often as the language wants; `is_complete` compiles no table that lacks a sentence or a place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/fixed_text.h"

namespace jit::pam {

// One text as it is given to a program's conversation, of one or more lines.
using Text = FixedText<3584>;

// Each is a line, or several, and begins with "jit: " but for a list's last row.
enum class Sentence : std::uint8_t {
    said, // what jitd has to say, in its words
    // What is asked for, by what jitd says of it.
    asks_role,
    asks_role_on_host,
    asks_role_for,
    asks_role_on_host_for,
    asks_command,
    asks_long_command, // of which a part is left away
    // How it is approved.
    open_address,
    enter_code,
    enter_long_code, // the code once more in groups, as it is read aloud
    code_lasts,
    login_code_lasts, // over ssh, where neither key is heard
    login_waits,      // not so long as the code is good for
    press_enter,      // a prompt
    not_yet,
    still_waiting,
    // While others must say yes.
    approval_lasts,
    login_approval_lasts,
    login_approval_goes_on, // when the login's time is over
    login_approval_ends,    // with the login
    look_again,             // a prompt
    still_waiting_approval,
    keep_waiting, // a prompt, after Ctrl-C
    waits_on,
    waits_for_you, // our own time is over
    waits_for_login,
    granted,
    granted_until,
    granted_for,
    granted_until_for,
    // Questions.
    choice,
    choice_goes_on, // after the last row
    which_role,     // a prompt
    your_reason,    // a prompt
    // Why there is no way through, and what to do.
    no_grant,
    no_grant_or_ticket, // or sudo's cached ticket, which skipped the auth phase
    no_grant_ssh,
    no_grant_of,
    unproven,
    none_chosen,
    too_late,
    cancelled,
    bad_name,
    not_understood,
    denied,
    gone_early, // before the first answer
    gone,
    not_followed, // others were waited for
    not_left,
    unreachable,
    unreachable_somehow, // the C library has no name for the error
    no_answer,
    unreachable_advice,
    // Who cannot be asked for.
    no_uid_name,
    other_caller,
    no_user,
    unfit_user,
    unfit_account,
};
inline constexpr std::size_t sentence_count = static_cast<std::size_t>(Sentence::unfit_account) + 1;

// Without a pointer, each of which the loader would have to mend in every sudo.
struct Row {
    Sentence sentence = {};
    char bytes[224] = {};

    constexpr std::string_view words() const { return bytes; }
};
using Language = std::array<Row, sentence_count>; // in the enumerators' order

extern const Language english;

// The language that is spoken.
inline const Language &spoken()
{
    return english;
}

// The places of each sentence.
//   {role} {host} {account}  names, at most 64 bytes
//   {duration} {left}        "1h30m"
//   {until}                  "14:05 UTC", with the date before it where that is not today's
//   {roles}                  names with spaces between them
//   {groups}                 "K7Q F2M Z9R"
//   {id}                     of a request
//   {message}                words of jitd
//   {reason}                 the C library's English for an errno
inline constexpr Language places{{
    {Sentence::said, "{message}"},
    {Sentence::asks_role, "{role}"},
    {Sentence::asks_role_on_host, "{role}{host}"},
    {Sentence::asks_role_for, "{role}{duration}"},
    {Sentence::asks_role_on_host_for, "{role}{host}{duration}"},
    {Sentence::asks_command, "{command}"},
    {Sentence::asks_long_command, "{command}"},
    {Sentence::open_address, "{uri}"},
    {Sentence::enter_code, "{code}"},
    {Sentence::enter_long_code, "{code}{groups}"},
    {Sentence::code_lasts, "{left}"},
    {Sentence::login_code_lasts, "{left}"},
    {Sentence::login_waits, "{left}"},
    {Sentence::press_enter, ""},
    {Sentence::not_yet, "{left}"},
    {Sentence::still_waiting, "{left}"},
    {Sentence::approval_lasts, "{left}"},
    {Sentence::login_approval_lasts, "{left}"},
    {Sentence::login_approval_goes_on, "{left}"},
    {Sentence::login_approval_ends, "{left}"},
    {Sentence::look_again, ""},
    {Sentence::still_waiting_approval, "{left}"},
    {Sentence::keep_waiting, ""},
    {Sentence::waits_on, "{id}"},
    {Sentence::waits_for_you, "{id}"},
    {Sentence::waits_for_login, "{id}"},
    {Sentence::granted, "{role}"},
    {Sentence::granted_until, "{role}{until}"},
    {Sentence::granted_for, "{role}{duration}"},
    {Sentence::granted_until_for, "{role}{until}{duration}"},
    {Sentence::choice, ""},
    {Sentence::choice_goes_on, ""},
    {Sentence::which_role, "{count}"},
    {Sentence::your_reason, ""},
    {Sentence::no_grant, "{role}"},
    {Sentence::no_grant_or_ticket, "{role}"},
    {Sentence::no_grant_ssh, "{role}"},
    {Sentence::no_grant_of, "{roles}"},
    {Sentence::unproven, ""},
    {Sentence::none_chosen, ""},
    {Sentence::too_late, ""},
    {Sentence::cancelled, ""},
    {Sentence::bad_name, ""},
    {Sentence::not_understood, ""},
    {Sentence::denied, ""},
    {Sentence::gone_early, ""},
    {Sentence::gone, ""},
    {Sentence::not_followed, ""},
    {Sentence::not_left, "{id}"},
    {Sentence::unreachable, "{socket}{reason}"},
    {Sentence::unreachable_somehow, "{socket}"},
    {Sentence::no_answer, "{socket}{duration}"},
    {Sentence::unreachable_advice, ""},
    {Sentence::no_uid_name, ""},
    {Sentence::other_caller, ""},
    {Sentence::no_user, ""},
    {Sentence::unfit_user, ""},
    {Sentence::unfit_account, ""},
}};

// The next place of a sentence, which begins after it then; empty: there is none.
//   before  what stands before it, all of it where there is none
constexpr std::string_view next_place(std::string_view &words, std::string_view &before)
{
    const auto end = [&](std::size_t from, char mark) {
        while (from < words.size() && words[from] != mark)
            ++from;
        return from;
    };
    const std::size_t open = end(0, '{');
    const std::size_t close = end(open, '}');
    before = {words.data(), close == words.size() ? close : open};
    if (close == words.size()) {
        words = {};
        return {};
    }
    const std::string_view place{words.data() + open, close + 1 - open};
    words = {words.data() + close + 1, words.size() - close - 1};
    return place;
}

// Whether each place of the one stands in the other.
constexpr bool holds_places(std::string_view words, std::string_view wanted)
{
    std::string_view before;
    for (auto place = next_place(wanted, before); !place.empty();
         place = next_place(wanted, before)) {
        bool is_there = false;
        std::string_view left = words;
        for (auto found = next_place(left, before); !found.empty();
             found = next_place(left, before))
            is_there = is_there || found == place;
        if (!is_there)
            return false;
    }
    return true;
}

// Every sentence at its own row, with the places that it has and no other.
constexpr bool is_complete(const Language &language)
{
    for (std::size_t i = 0; i < sentence_count; ++i) {
        const Row &row = language[i];
        if (static_cast<std::size_t>(row.sentence) != i || row.words().empty() ||
            !holds_places(row.words(), places[i].words()) ||
            !holds_places(places[i].words(), row.words()))
            return false;
    }
    return true;
}

// What is put into a place. It may come from outside: it is made fit for a terminal, and cut.
struct Value {
    std::string_view place; // "{role}"
    std::string_view text;
    std::size_t most_bytes = 64;
};

constexpr std::size_t max_columns = 80;

// Adds a sentence. A line of it that is longer than a terminal is wide goes on in another one,
// which begins with "jit:" too, where there is a space to part it at.
void add_sentence(Text &out, const Language &language, Sentence sentence,
                  std::span<const Value> values);

} // namespace jit::pam
