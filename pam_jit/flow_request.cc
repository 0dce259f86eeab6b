// A request from its first frame to its last: the reason, the code, the wait.
#include <algorithm>
#include <utility>

#include "pam_jit/flow_state.h"
#include "pam_jit/names.h"

namespace jit::pam {

namespace {

using std::chrono::ceil;
using std::chrono::seconds;

// jitd asks the provider for a code, and says so each time that it has to ask again: a timeout, and
// a pause, each of a minute at most, and the request after that.
constexpr seconds until_code{190};
// After the code's end jitd may still be asking once more, or making the grant.
constexpr seconds after_code{30};
constexpr seconds between_lines{60};
constexpr seconds between_enters{1};
// After Enter jitd asks at once, or when the provider's interval is over (5 s, mostly).
constexpr seconds after_enter{8};
constexpr int max_replies = 64;
// Of these a long wait for others has any number, and nobody reads so many in so short a time.
constexpr int max_shown = 256;
constexpr seconds shown_within{60};

} // namespace

// Only jitd knows whether the role wants a reason: it says so, and is asked again with one.
Outcome Flow::request(std::string_view role)
{
    for (int tried = 0;; ++tried) {
        wants_reason_ = false;
        const Outcome outcome = request_once(role);
        if (!wants_reason_)
            return outcome;
        if (tried == tries)
            return say_no(said_words(wanted_.view()));
        if (const Outcome asked = ask_reason(); asked != Outcome::allowed)
            return asked;
    }
}

// allowed: there may be one.
Outcome Flow::ask_reason()
{
    if (outside_.tell(Tone::info, said_words(wanted_.view())) != Event::ready)
        return Outcome::conversation_lost;
    const Event event = outside_.ask(words_of(Sentence::your_reason), reason_);
    return event == Event::ready ? Outcome::allowed : cut_short(event);
}

Outcome Flow::request_once(std::string_view role)
{
    // A person may have thought long about the choice: the wait begins now.
    start_ = outside_.now();
    deadline_ = std::min(start_ + door_.fast, last_moment());
    const Heard sent = send_request(role, deadline_);
    return sent.event == Event::ready ? follow(role) : unreachable(sent);
}

// Word for word the same each time: so it joins what it has begun.
Heard Flow::send_request(std::string_view role, BootTime until)
{
    ipc::CallWriter call{"io.jitd.Elevation.Request", ipc::CallMode::more};
    call.name("role", role)
        .name("user", door_.requester)
        .name("service", door_.service)
        .hint("tty", door_.tty, 64);
    if (door_.session)
        call.number("session", *door_.session);
    call.name_if("rhost", door_.rhost, 255)
        .hint("command", door_.command, 256)
        .hint("reason", reason_.view(), 512);
    add_login(call);
    // Over ssh the login may end before the request does: what is approved by then waits for the
    // next.
    if (door_.timeout && !door_.is_ssh())
        call.number("timeout", door_.timeout->count());
    const std::string_view frame = call.finish();
    if (frame.empty())
        return {Event::garbled, 0, {}};
    return outside_.send(frame, until);
}

// The next of jitd's replies, or what came in its way.
Heard Flow::hear(std::string_view role)
{
    if (is_cut_off_)
        return is_leaving_ ? Heard{} : come_back(role);
    if (is_leaving_ || drains_)
        return outside_.receive(outside_.now()); // what is there already
    return outside_.receive(std::min(deadline_, is_at_prompt() ? look_until_ : next_line_));
}

Outcome Flow::follow(std::string_view role)
{
    bool is_begun = false;
    int replies = 0;
    int shown = 0;
    BootTime shown_since{};
    while (replies < max_replies) {
        if (is_at_prompt() && !is_cut_off_ && !drains_ && outside_.now() >= look_until_) {
            const Event event = prompt();
            if (event != Event::ready)
                return end_following(event);
        }
        const Heard heard = hear(role);
        const bool is_drained = heard.event != Event::ready && std::exchange(drains_, false);
        if (is_drained && heard.event == Event::timed_out)
            continue;
        if (heard.event == Event::timed_out && !is_leaving_ && outside_.now() < deadline_) {
            if (!is_at_prompt())
                say_waiting();
            continue;
        }
        if (heard.event == Event::entered) {
            hurry();
            continue;
        }
        // jitd may be on its way out, and its successor has the request.
        if (heard.event == Event::lost && !is_leaving_ && !is_cut_off_ && cut_off())
            continue;
        if (heard.event == Event::interrupted && !is_leaving_ && wants_to_leave()) {
            is_leaving_ = true;
            continue;
        }
        if (heard.event != Event::ready)
            return is_begun ? end_following(heard.event) : unreachable(heard);
        ipc::ElevationReply reply;
        if (!ipc::read_reply(heard.frame, reply))
            return nonsense();
        if (is_cut_off_)
            return judge_meanwhile(reply);
        if (reply.is_error && !is_begun && reply.error.view() == "io.jitd.Elevation.ReasonWanted") {
            wants_reason_ = true;
            wanted_ = reply.message;
            return Outcome::denied;
        }
        if (reply.is_error)
            return refuse(reply);
        const std::string_view state = reply.state.view();
        if (state == "denied")
            return refuse(reply);
        // Only the grant ends a call, and a jitd that stops; what came after a last reply would
        // answer nothing.
        const bool is_last = state == "granted" || state == "approved";
        const bool may_be_last = is_last || state == "approval";
        if (reply.role.view() != role || !is_id(reply.id.view()) ||
            (reply.continues ? is_last : !may_be_last))
            return nonsense();
        is_begun = true;
        if (reply.duration_s)
            duration_ = seconds{*reply.duration_s};
        if (state == "granted")
            return granted(reply);
        // Over ssh the account phase has it granted: then the login is there.
        if (state == "approved")
            return door_.is_ssh() ? Outcome::allowed : nonsense();
        if (state == "code" || state == "approval") {
            if (const BootTime now = outside_.now(); now >= shown_since + shown_within) {
                shown_since = now;
                shown = 0;
            }
            if (++shown > max_shown)
                return nonsense();
            const Outcome told = state == "code" ? show_code(reply) : show_approval(reply);
            if (told != Outcome::allowed)
                return told;
            if (!reply.continues && !cut_off())
                return cut_short(Event::lost);
            next_line_ = outside_.now() + between_lines;
        } else if (state == "pending") {
            ++replies;
            note_pending(reply);
        } else {
            return nonsense();
        }
    }
    return nonsense();
}

void Flow::note_pending(const ipc::ElevationReply &reply)
{
    // Where we came back and the request had ended, this is another one: it has nobody's yes, and
    // no code yet.
    if (is_approving_ && reply.id.view() != id_.view())
        is_approving_ = is_shown_ = false;
    if (!is_shown_ && !is_approving_)
        deadline_ = std::min(outside_.now() + until_code, last_moment());
    // Why it takes longer.
    if (!reply.message.empty() && !door_.is_quiet && !is_at_prompt())
        (void)outside_.tell(Tone::info, said_words(reply.message.view()));
}

void Flow::say_waiting()
{
    const BootTime now = outside_.now();
    next_line_ = now + between_lines;
    if (door_.is_quiet || now >= told_until_)
        return;
    const auto left = ceil<seconds>(told_until_ - now);
    (void)outside_.tell(Tone::info,
                        is_approving_ ? waiting_approval_words(left) : waiting_words(left));
}

// allowed: go on.
Outcome Flow::show_code(const ipc::ElevationReply &reply)
{
    // A code that cannot be typed as shown, or an address that a terminal would show otherwise
    // than it is, must not be followed.
    const auto is_plain = [](std::string_view text) {
        return !text.empty() &&
               std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
    };
    if (!begins_with(reply.uri.view(), "https://") || !is_plain(reply.uri.view()) ||
        !is_plain(reply.code.view()) || !reply.expires_s)
        return nonsense();
    const BootTime now = outside_.now();
    const BootTime expires = now + seconds{*reply.expires_s};
    told_until_ = std::min(expires, last_moment());
    deadline_ = std::min(expires + after_code, last_moment());
    is_shown_ = true;
    is_approving_ = false;
    look_until_ = {};
    is_asked_ = false;
    id_ = reply.id;
    if (!door_.is_ssh())
        outside_.hear_enter();
    const auto left = ceil<seconds>(told_until_ - now);
    const Text words = door_.is_ssh() ? login_code_words(reply, left, told_until_ < expires)
                                      : code_words(reply, door_.command, left, door_.screen);
    if (outside_.tell(Tone::info, words) != Event::ready)
        return Outcome::conversation_lost;
    return Outcome::allowed;
}

// Not more than once a second, however the key is held.
void Flow::hurry()
{
    const BootTime now = outside_.now();
    if (now < hurried_ + between_enters)
        return;
    hurried_ = now;
    ipc::CallWriter call{"io.jitd.Elevation.Hurry", ipc::CallMode::oneway};
    outside_.send_beside(call.name("id", id_.view()).finish());
}

// What sshd has been told is shown with the prompt, and only then.
Event Flow::prompt()
{
    const BootTime now = outside_.now();
    if (now >= told_until_)
        return Event::timed_out;
    if (is_asked_ &&
        outside_.tell(Tone::info, not_yet_words(ceil<seconds>(told_until_ - now))) != Event::ready)
        return Event::conversation_lost;
    is_asked_ = true;
    const Event event = outside_.await_enter(
        words_of(is_approving_ ? Sentence::look_again : Sentence::press_enter));
    if (event == Event::ready) {
        hurry();
        look_until_ = outside_.now() + after_enter;
        is_looking_ = true;
    }
    return event;
}

Outcome Flow::granted(const ipc::ElevationReply &reply)
{
    passage_.grant = reply.id;
    passage_.confine = reply.confine;
    if (!door_.is_quiet)
        (void)outside_.tell(Tone::info, granted_words(reply, duration_));
    return Outcome::allowed;
}

} // namespace jit::pam
