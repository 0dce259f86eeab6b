// The exchange with jitd for one phase: pure, over five calls to the outside, so that a login is a
// script of events in its test.
//
//   Check ── live ───────────────────────────────────────────────→ allowed (auth: if proven)
//         ── ignore, exempt, observed ───────────────────────────→ ignored
//         ── denied, or an error ────────────────────────────────→ denied
//         ── request, choose ── account ─────────────────────────→ denied, with what to do
//                            ── auth, no flow possible ──────────→ denied, with what to do
//                            ── auth ── Request ── pending, code, approval ── granted → allowed
//                                                               ── approved, over ssh → allowed
//                                                               ── denied, lost → denied
//   approval: others must say yes. The person may leave the request to wait on, and a connection
//   that is lost then is made anew: flow_approval.cc. Ctrl-C, lost terminal → aborted · no answer
//   to Check → unreachable · nonsense → broken
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/fixed_text.h"
#include "lib/ipc/reply_reader.h"
#include "pam_jit/outcome.h"
#include "pam_jit/wording.h"

namespace jit::pam {

enum class Event {
    ready,       // done; a frame came
    timed_out,   // the time given is over
    lost,        // jitd closed, refused or is not there
    garbled,     // more than a frame may hold
    interrupted, // Ctrl-C, or a signal that ends programs
    entered,     // Enter, where the flow wants to hear it
    terminal_lost,
    conversation_lost,
};

struct Heard {
    Event event = Event::lost;
    int sys = 0;            // errno, for lost
    std::string_view frame; // for ready, without the NUL, until the next call
};

enum class Tone {
    info,
    error,
};

// A line that a person typed; one that is longer is empty.
using Typed = FixedText<512>;

// Who it is that the flow speaks to. Each answer is no until somebody says otherwise.
class Outside
{
  public:
    virtual BootTime now() { return {}; }
    // Opens a connection of its own for the frame; an earlier one is closed, which cancels.
    virtual Heard send(std::string_view, BootTime) { return {}; }
    // The next frame, or what came in its way before the time given.
    virtual Heard receive(BootTime) { return {}; }
    // From now on receive() also hears Enter.
    virtual void hear_enter() {}
    // Closes the connection, and waits: timed_out, or what came in its way.
    virtual Event pause(BootTime) { return Event::terminal_lost; }
    // Sends a frame beside the connection, and waits for nothing.
    virtual void send_beside(std::string_view) {}
    // The same, and waits for the answer: has one come before the time given that is no error?
    virtual bool ask_beside(std::string_view, BootTime) { return false; }
    // ready or conversation_lost.
    virtual Event tell(Tone, const Text &) { return Event::conversation_lost; }
    // Closes the connection, and asks. ready, interrupted or conversation_lost.
    virtual Event ask(const Text &, Typed &) { return Event::conversation_lost; }
    // Asks for Enter alone; the connection stays. The same.
    virtual Event await_enter(const Text &) { return Event::conversation_lost; }
    // Asks after Ctrl-C; the connection stays. The same: interrupted, and nothing is asked, where a
    // signal wants the program to end or its terminal is somebody else's.
    virtual Event ask_at_interrupt(const Text &, Typed &) { return Event::conversation_lost; }

  protected:
    Outside() = default;
    ~Outside() = default;
};

// What is asked, by whom, and what the flow may do about it. Texts are borrowed.
struct Door {
    Phase phase = Phase::auth;
    std::string_view requester;
    std::string_view account;
    std::span<const std::string_view> account_names;
    std::string_view service;
    std::string_view role; // of the argument; empty: any
    std::string_view tty;
    std::string_view rhost;
    std::string_view command;
    std::string_view connection;     // over ssh, and only then: SSH_CONNECTION
    std::string_view proof;          // and SSH_AUTH_INFO_0
    std::string_view socket;         // for words only
    std::optional<Sentence> problem; // why nobody can be asked for: no, but where observed
    Screen screen;
    std::optional<std::int64_t> session;
    bool is_proven = false;  // the requester is who he says
    bool may_start = false;  // a person can see a code and wait
    bool has_ticket = false; // sudo's ticket may have skipped auth
    bool is_quiet = false;
    bool is_observed = false; // say nothing: the outcome will not be used
    std::chrono::seconds fast{5};
    std::optional<std::chrono::seconds> timeout;

    // sshd shows nothing before a prompt, and the account phase makes the grant.
    bool is_ssh() const { return !connection.empty(); }
};

struct Passage {
    Outcome outcome = Outcome::broken;
    FixedText<16> grant;  // when allowed; may be empty
    bool confine = false; // what runs under the grant ends with it: jitd is to be waited for
    ipc::GroupIds carry;  // when allowed: what the shell of su gets with it
};

Passage run_flow(const Door &door, Outside &outside);

} // namespace jit::pam
