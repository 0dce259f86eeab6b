#include "pam_jit/flow.h"

#include <algorithm>

#include "lib/ipc/call_writer.h"
#include "lib/ipc/limits.h"
#include "lib/ipc/reply_reader.h"
#include "pam_jit/names.h"

namespace jit::pam {

namespace {

using std::chrono::ceil;
using std::chrono::seconds;

// jitd asks the provider for a code: two of its requests, each with a timeout and a retry.
constexpr seconds until_code{120};
// After the code's end jitd may still be asking once more, or making the grant.
constexpr seconds after_code{30};
constexpr seconds between_lines{60};
constexpr seconds between_enters{1};
// After Enter jitd asks at once, or when the provider's interval is over (5 s, mostly).
constexpr seconds after_enter{8};
constexpr int max_replies = 64;
constexpr int tries = 3;

class Flow
{
  public:
    Flow(const Door &door, Outside &outside) : door_(door), outside_(outside), start_(outside.now())
    {
    }

    Passage run()
    {
        passage_.outcome = check();
        if (passage_.outcome != Outcome::allowed)
            passage_.grant.clear();
        return passage_;
    }

  private:
    bool is_auth() const { return door_.phase == Phase::auth; }
    BootTime last_moment() const
    {
        return door_.timeout ? start_ + *door_.timeout : BootTime::max();
    }

    Outcome check();
    Outcome judge(const ipc::ElevationReply &reply);
    Outcome live(const ipc::ElevationReply &reply);
    Outcome wanted(std::string_view role);
    Outcome choose(const ipc::ElevationReply &reply);
    Outcome request(std::string_view role);
    Outcome request_once(std::string_view role);
    Outcome ask_reason();
    Outcome follow(std::string_view role);
    Outcome show_code(const ipc::ElevationReply &reply);
    Outcome approved();
    Event prompt();
    bool is_at_prompt() const { return door_.is_ssh() && is_shown_; }
    ipc::CallWriter &add_login(ipc::CallWriter &call) const;
    void hurry();
    Outcome granted(const ipc::ElevationReply &reply);

    Outcome say_no(const Text &words)
    {
        if (!door_.is_observed)
            (void)outside_.tell(Tone::error, words); // the answer is no, heard or not
        return Outcome::denied;
    }
    Outcome refuse(const ipc::ElevationReply &reply)
    {
        if (!reply.message.empty())
            return say_no(refused_words(reply.message.view()));
        return say_no(refused_words(reply.cause.empty() ? "denied" : reply.cause.view()));
    }
    Outcome nonsense()
    {
        (void)say_no(refused_words("jitd's answer could not be understood"));
        return Outcome::broken;
    }
    Outcome unreachable(const Heard &heard);
    // One call and its first reply.
    Heard exchange(std::string_view frame, BootTime until)
    {
        const Heard sent = outside_.send(frame, until);
        return sent.event == Event::ready ? outside_.receive(until) : sent;
    }
    // What ends a wait in the middle of a request.
    Outcome cut_short(Event event);

    const Door &door_;
    Outside &outside_;
    BootTime start_;
    BootTime deadline_{};   // of the request
    BootTime code_until_{}; // what a person is told
    bool is_shown_ = false; // the code
    BootTime look_until_{}; // for an answer after Enter, over ssh
    bool is_asked_ = false; // for Enter, about this code
    FixedText<16> id_;      // of the request whose code is shown
    BootTime hurried_{};    // when Enter was passed on last
    seconds duration_{0};   // of the grant asked for
    Typed reason_;
    bool wants_reason_ = false; // the role does, or another one
    FixedText<512> wanted_;     // what it wants
    Passage passage_;
};

Outcome Flow::unreachable(const Heard &heard)
{
    if (heard.event == Event::interrupted || heard.event == Event::terminal_lost)
        return Outcome::aborted;
    if (heard.event == Event::garbled)
        return nonsense();
    const int sys = heard.event == Event::timed_out ? 0 : heard.sys;
    if (heard.event == Event::lost && sys == 0)
        (void)say_no(refused_words("jitd went away before it answered; try again"));
    else
        (void)say_no(unreachable_words(door_.socket, sys, door_.fast));
    return Outcome::unreachable;
}

Outcome Flow::cut_short(Event event)
{
    switch (event) {
    case Event::timed_out:
        return say_no(refused_words("nobody approved in time; nothing was granted"));
    case Event::lost:
        return say_no(refused_words("jitd went away; try again"));
    case Event::interrupted:
        if (!door_.is_quiet)
            (void)outside_.tell(Tone::info, refused_words("cancelled"));
        return Outcome::aborted;
    case Event::terminal_lost:
        return Outcome::aborted;
    case Event::conversation_lost:
        return Outcome::conversation_lost;
    case Event::ready:
    case Event::entered:
    case Event::garbled:
        break;
    }
    return nonsense();
}

Outcome Flow::check()
{
    ipc::CallWriter call{"io.jitd.Elevation.Check", ipc::CallMode::once};
    call.name("requester", door_.requester)
        .name("account", door_.account)
        .names("account_names", door_.account_names)
        .name("service", door_.service)
        .name("phase", is_auth() ? "auth" : "account")
        .name_if("role", door_.role)
        .hint("tty", door_.tty, 64)
        .name_if("rhost", door_.rhost, 255)
        .hint("command", door_.command, 256);
    const std::string_view frame = add_login(call).flag_if("observe", door_.is_observed).finish();
    if (frame.empty())
        return say_no(refused_words("a name here is too long or not UTF-8"));

    const BootTime until = std::min(start_ + door_.fast, last_moment());
    Heard heard = exchange(frame, until);
    // A jitd that is replaced drops whom it had accepted, and its successor has the same queue. To
    // ask once more changes nothing: a check is a question.
    if (heard.event == Event::lost && heard.sys == 0)
        heard = exchange(frame, until);
    if (heard.event != Event::ready)
        return unreachable(heard);
    ipc::ElevationReply reply;
    if (!ipc::read_reply(heard.frame, reply))
        return nonsense();
    return reply.is_error ? refuse(reply) : judge(reply);
}

ipc::CallWriter &Flow::add_login(ipc::CallWriter &call) const
{
    if (!door_.is_ssh())
        return call;
    call.name("connection", door_.connection, ipc::max_connection_bytes);
    // Without what is too long the request is this connection's alone.
    return door_.proof.size() <= ipc::max_proof_bytes
               ? call.name_if("proof", door_.proof, ipc::max_proof_bytes)
               : call;
}

Outcome Flow::judge(const ipc::ElevationReply &reply)
{
    if (reply.continues) // nobody asked for more
        return nonsense();
    const std::string_view verdict = reply.verdict.view();
    if (verdict == "ignore" || verdict == "exempt" || verdict == "observed")
        return Outcome::ignored;
    if (verdict == "live")
        return live(reply);
    if (verdict == "request")
        return wanted(reply.role.view());
    if (verdict == "choose")
        return choose(reply);
    return verdict == "denied" ? refuse(reply) : nonsense();
}

Outcome Flow::live(const ipc::ElevationReply &reply)
{
    // A grant of another role than the line names opens nothing.
    if (!is_name(reply.role.view()) || (!door_.role.empty() && reply.role.view() != door_.role))
        return nonsense();
    if (!reply.grant.empty() && !is_id(reply.grant.view()))
        return nonsense();
    // The grant says what the requester may, not that this is him.
    if (is_auth() && !door_.is_proven)
        return say_no(refused_words("nobody has proven who you are; jit can not"));
    passage_.grant = reply.grant;
    passage_.confine = reply.confine;
    if (reply.is_granted && !door_.is_quiet)
        (void)outside_.tell(Tone::info, granted_words(reply, duration_));
    return Outcome::allowed;
}

Outcome Flow::wanted(std::string_view role)
{
    if (!is_name(role) || (!door_.role.empty() && role != door_.role))
        return nonsense();
    if (door_.is_ssh() && is_auth() && !door_.is_proven)
        return say_no(unproven_words());
    if (!is_auth() || !door_.is_proven || !door_.may_start)
        return say_no(no_grant_words(role, door_.is_ssh()                   ? Advice::ssh
                                           : !is_auth() && door_.has_ticket ? Advice::ticket
                                                                            : Advice::request));
    return request(role);
}

Outcome Flow::choose(const ipc::ElevationReply &reply)
{
    if (reply.role_count == 0)
        return nonsense();
    for (std::size_t i = 0; i < reply.role_count; ++i)
        if (!is_name(reply.roles[i].view()) ||
            (!door_.role.empty() && reply.roles[i].view() != door_.role))
            return nonsense();
    if (reply.role_count == 1 && !reply.has_more_roles)
        return wanted(reply.roles[0].view());
    if (!is_auth() || !door_.is_proven || !door_.may_start)
        return say_no(no_choice_words(reply));

    if (outside_.tell(Tone::info, choice_words(reply)) != Event::ready)
        return Outcome::conversation_lost;
    for (int i = 0; i < tries; ++i) {
        Typed answer;
        const Event event = outside_.ask(choice_prompt(reply.role_count), answer);
        if (event != Event::ready)
            return cut_short(event);
        std::size_t number = 0;
        for (const char c : answer.view())
            number = is_digit(c) && number < 100 ? number * 10 + static_cast<std::size_t>(c - '0')
                                                 : 1000;
        for (std::size_t k = 0; k < reply.role_count; ++k)
            if (number == k + 1 || answer.view() == reply.roles[k].view())
                return request(reply.roles[k].view());
    }
    return say_no(refused_words("no role was chosen"));
}

// Only jitd knows whether the role wants a reason: it says so, and is asked again with one.
Outcome Flow::request(std::string_view role)
{
    for (int tried = 0;; ++tried) {
        wants_reason_ = false;
        const Outcome outcome = request_once(role);
        if (!wants_reason_)
            return outcome;
        if (tried == tries)
            return say_no(refused_words(wanted_.view()));
        if (const Outcome asked = ask_reason(); asked != Outcome::allowed)
            return asked;
    }
}

// allowed: there may be one.
Outcome Flow::ask_reason()
{
    if (outside_.tell(Tone::info, refused_words(wanted_.view())) != Event::ready)
        return Outcome::conversation_lost;
    const Event event = outside_.ask(reason_prompt(), reason_);
    return event == Event::ready ? Outcome::allowed : cut_short(event);
}

Outcome Flow::request_once(std::string_view role)
{
    // A person may have thought long about the choice: the wait begins now.
    start_ = outside_.now();
    deadline_ = std::min(start_ + door_.fast, last_moment());
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
    if (door_.timeout)
        call.number("timeout", door_.timeout->count());
    const std::string_view frame = call.finish();
    if (frame.empty())
        return nonsense();
    const Heard sent = outside_.send(frame, deadline_);
    return sent.event == Event::ready ? follow(role) : unreachable(sent);
}

Outcome Flow::follow(std::string_view role)
{
    BootTime next_line = BootTime::max();
    bool is_begun = false;
    for (int replies = 0; replies < max_replies;) {
        if (is_at_prompt() && outside_.now() >= look_until_) {
            const Event event = prompt();
            if (event != Event::ready)
                return cut_short(event);
        }
        const Heard heard =
            outside_.receive(std::min(deadline_, is_at_prompt() ? look_until_ : next_line));
        if (heard.event == Event::timed_out && outside_.now() < deadline_) {
            if (is_at_prompt())
                continue;
            const BootTime now = outside_.now();
            next_line = now + between_lines;
            if (!door_.is_quiet && now < code_until_)
                (void)outside_.tell(Tone::info, waiting_words(ceil<seconds>(code_until_ - now)));
            continue;
        }
        if (heard.event == Event::entered) {
            hurry();
            continue;
        }
        if (heard.event != Event::ready)
            return is_begun ? cut_short(heard.event) : unreachable(heard);
        ++replies;
        ipc::ElevationReply reply;
        if (!ipc::read_reply(heard.frame, reply))
            return nonsense();
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
        // Only the grant ends a call; what came after a last reply would answer nothing.
        const bool is_last = state == "granted" || state == "approved";
        if (reply.role.view() != role || !is_id(reply.id.view()) || reply.continues == is_last)
            return nonsense();
        is_begun = true;
        if (reply.duration_s)
            duration_ = seconds{*reply.duration_s};
        if (state == "granted")
            return granted(reply);
        if (state == "approved")
            return approved();
        if (state == "code") {
            const Outcome shown = show_code(reply);
            if (shown != Outcome::allowed)
                return shown;
            next_line = outside_.now() + between_lines;
        } else if (state != "pending") {
            return nonsense();
        } else if (!is_shown_) {
            deadline_ = std::min(outside_.now() + until_code, last_moment());
        }
    }
    return nonsense();
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
    code_until_ = std::min(expires, last_moment());
    deadline_ = std::min(expires + after_code, last_moment());
    is_shown_ = true;
    look_until_ = {};
    is_asked_ = false;
    id_ = reply.id;
    if (!door_.is_ssh())
        outside_.hear_enter();
    const auto left = ceil<seconds>(code_until_ - now);
    const Text words = door_.is_ssh() ? login_code_words(reply, left, code_until_ < expires)
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
    if (now >= code_until_)
        return Event::timed_out;
    if (is_asked_ &&
        outside_.tell(Tone::info, not_yet_words(ceil<seconds>(code_until_ - now))) != Event::ready)
        return Event::conversation_lost;
    is_asked_ = true;
    const Event event = outside_.await_enter(enter_prompt());
    if (event == Event::ready) {
        hurry();
        look_until_ = outside_.now() + after_enter;
    }
    return event;
}

// The account phase has it granted: then the login is there.
Outcome Flow::approved()
{
    if (!door_.is_ssh())
        return nonsense();
    return Outcome::allowed;
}

Outcome Flow::granted(const ipc::ElevationReply &reply)
{
    passage_.grant = reply.id;
    passage_.confine = reply.confine;
    if (!door_.is_quiet)
        (void)outside_.tell(Tone::info, granted_words(reply, duration_));
    return Outcome::allowed;
}

} // namespace

Passage run_flow(const Door &door, Outside &outside)
{
    return Flow{door, outside}.run();
}

} // namespace jit::pam
