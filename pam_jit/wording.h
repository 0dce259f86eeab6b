// What a person reads: which sentence of texts.h, filled with what. Names, hosts and messages come
// from outside and are made fit for a terminal there, though jitd has done so already.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "lib/base/fixed_text.h"
#include "lib/base/screen.h"
#include "lib/ipc/reply_reader.h"
#include "pam_jit/texts.h"

namespace jit::pam {

// The same for a terminal that shows ASCII alone: '?' for each other character.
Text make_ascii(const Text &text);

// "15m", "1h30m", "45s": the shortest such text.
using SpanText = FixedText<32>;
SpanText span_text(std::chrono::seconds span);

// A sentence that has no place.
Text words_of(Sentence sentence);
// A sentence as it stands in logs and records, whatever language is spoken: in English, without the
// name in front. A NUL follows.
std::string_view for_log(Sentence sentence);
// What jitd says, in its words.
Text said_words(std::string_view message);

// Role, host, duration, address, code and the time left, in four lines.
//   command  what sudo was asked to run, as its user typed it; empty: not known
//   screen   with the address as a picture as well where it has room
Text code_words(const ipc::ElevationReply &reply, std::string_view command,
                std::chrono::seconds left, const Screen &screen);
// The same for sshd, which shows it above a prompt.
//   is_cut  the login ends before the code does
Text login_code_words(const ipc::ElevationReply &reply, std::chrono::seconds left, bool is_cut);
Text not_yet_words(std::chrono::seconds left);
Text waiting_words(std::chrono::seconds left);

// What jitd says of those who must say yes, and the time left.
//   has_keys  with what the keys do
Text approval_words(const ipc::ElevationReply &reply, std::chrono::seconds left, bool has_keys);
// The same for sshd, above a prompt.
enum class Wait {
    whole,   // the login may wait as long as the request
    goes_on, // the request goes on after the login's time
    ends,    // it ends with the login
};
Text login_approval_words(const ipc::ElevationReply &reply, std::chrono::seconds left, Wait wait);
Text waiting_approval_words(std::chrono::seconds left);
// A sentence about a request that is left waiting.
Text kept_words(Sentence sentence, std::string_view id);

Text granted_words(const ipc::ElevationReply &reply, std::chrono::seconds duration);
Text choice_words(const ipc::ElevationReply &reply);
Text choice_prompt(std::size_t count);

// Why there is no way through, and what to do.
enum class Advice {
    request, // jitctl request
    ticket,  // or sudo -k: a cached ticket may have skipped auth
    ssh,     // or a login that has a prompt
};
Text no_grant_words(std::string_view role, Advice advice);
Text no_choice_words(const ipc::ElevationReply &reply);
// sys: an errno, or 0 when no answer came within the wait.
Text unreachable_words(std::string_view socket, int sys, std::chrono::seconds waited);

} // namespace jit::pam
