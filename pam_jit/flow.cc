// May he pass? The first question to jitd, and what its answer means.
#include <algorithm>

#include "lib/ipc/limits.h"
#include "pam_jit/flow_state.h"
#include "pam_jit/names.h"

namespace jit::pam {

Outcome Flow::unreachable(const Heard &heard)
{
    if (heard.event == Event::interrupted || heard.event == Event::terminal_lost)
        return Outcome::aborted;
    if (heard.event == Event::garbled)
        return nonsense();
    const int sys = heard.event == Event::timed_out ? 0 : heard.sys;
    if (heard.event == Event::lost && sys == 0)
        (void)say_no(words_of(Sentence::gone_early));
    else
        (void)say_no(unreachable_words(door_.socket, sys, door_.fast));
    return Outcome::unreachable;
}

Outcome Flow::cut_short(Event event)
{
    switch (event) {
    case Event::timed_out:
        return say_no(words_of(Sentence::too_late));
    case Event::lost:
        return say_no(words_of(Sentence::gone));
    case Event::interrupted:
        if (!door_.is_quiet)
            (void)outside_.tell(Tone::info, words_of(Sentence::cancelled));
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

ipc::CallWriter Flow::make_check() const
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
    add_login(call).flag_if("observe", door_.is_observed);
    return call;
}

Outcome Flow::check()
{
    ipc::CallWriter call = make_check();
    const std::string_view frame = call.finish();
    if (frame.empty())
        return deny(Sentence::bad_name);

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

// It is no, whatever jitd says and whether it says anything, but where the host only observes: that
// jitd knows, and has it on record.
Outcome Flow::deny(Sentence problem)
{
    const auto or_unknown = [](std::string_view text) {
        return text.empty() ? std::string_view{"?"} : text;
    };
    ipc::CallWriter call{"io.jitd.Elevation.Check", ipc::CallMode::once};
    call.hint("requester", or_unknown(door_.requester), 64)
        .hint("account", or_unknown(door_.account), 64)
        .names("account_names", {})
        .hint("service", or_unknown(door_.service), 64)
        .name("phase", is_auth() ? "auth" : "account")
        .hint("problem", for_log(problem), 128)
        .hint("tty", door_.tty, 64)
        .hint("rhost", door_.rhost, 255)
        .hint("command", door_.command, 256)
        .flag_if("unproven", is_auth() && !door_.is_proven)
        .flag_if("observe", door_.is_observed);
    const Heard heard = exchange(call.finish(), std::min(start_ + door_.fast, last_moment()));
    ipc::ElevationReply reply;
    if (heard.event == Event::ready && ipc::read_reply(heard.frame, reply) && !reply.is_error &&
        !reply.continues && reply.verdict.view() == "observed")
        return Outcome::ignored;
    return say_no(words_of(problem));
}

ipc::CallWriter &Flow::add_login(ipc::CallWriter &call) const
{
    // Whether his sign-in may prove it is for jitd to say.
    call.flag_if("unproven", is_auth() && !door_.is_proven);
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
        return say_no(words_of(Sentence::unproven));
    passage_.grant = reply.grant;
    passage_.confine = reply.confine;
    passage_.carry = reply.carry;
    if (reply.is_granted && !door_.is_quiet)
        (void)outside_.tell(Tone::info, granted_words(reply, duration_));
    return Outcome::allowed;
}

Outcome Flow::wanted(std::string_view role)
{
    if (!is_name(role) || (!door_.role.empty() && role != door_.role))
        return nonsense();
    if (!is_auth() || !door_.may_start)
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
    if (!is_auth() || !door_.may_start)
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
    return say_no(words_of(Sentence::none_chosen));
}

Passage run_flow(const Door &door, Outside &outside)
{
    return Flow{door, outside}.run();
}

} // namespace jit::pam
