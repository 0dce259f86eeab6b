// A request that waits for others: what is shown, how the person leaves it, and how it is followed
// again where the connection was lost.
#include <algorithm>

#include "pam_jit/flow_state.h"

namespace jit::pam {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::seconds;

// After the request's end jitd may still be making the grant.
constexpr seconds after_end{30};
// A jitd that is started anew is soon there.
constexpr seconds to_start{25};
constexpr seconds longest_absence{30};
constexpr milliseconds between_tries{500};
constexpr seconds until_answer{2};
constexpr seconds until_answer_anew{8};
// Over ssh nobody is asked for Enter before jitd has said how it stands.
constexpr seconds until_joined{8};

bool is_yes(std::string_view typed)
{
    constexpr std::string_view yes = "yes";
    if (typed.size() != 1 && typed.size() != yes.size())
        return false;
    for (std::size_t i = 0; i < typed.size(); ++i)
        if (typed[i] != yes[i] && typed[i] != yes[i] - 'a' + 'A')
            return false;
    return true;
}

} // namespace

// allowed: go on.
Outcome Flow::show_approval(const ipc::ElevationReply &reply)
{
    if (!reply.expires_s)
        return nonsense();
    const BootTime now = outside_.now();
    const BootTime expires = now + seconds{*reply.expires_s};
    // When it is followed again jitd says what it has said before.
    const bool is_news = !is_approving_ || reply.message.view() != said_.view();
    const bool is_first = !is_approving_;
    said_ = reply.message;
    is_approving_ = true;
    is_shown_ = false;
    back_until_ = {};
    id_ = reply.id;
    outlasts_us_ = expires > last_moment();
    told_until_ = std::min(expires, last_moment());
    deadline_ = std::min(expires + after_end, last_moment());
    const auto left = ceil<seconds>(told_until_ - now);
    if (!door_.is_ssh()) {
        outside_.hear_enter();
        if (is_news &&
            outside_.tell(Tone::info, approval_words(reply, left, is_first)) != Event::ready)
            return Outcome::conversation_lost;
        return Outcome::allowed;
    }
    look_until_ = {};
    is_asked_ = false;
    // sshd ends a login that stands at a prompt without a word to us: what is to outlast it is left
    // before. After its last reply jitd keeps it by itself.
    const bool waits_on = outlasts_us_ && may_come_back() && (!reply.continues || leave());
    const Wait wait = !outlasts_us_ ? Wait::whole : waits_on ? Wait::goes_on : Wait::ends;
    if (outside_.tell(Tone::info, login_approval_words(reply, left, wait)) != Event::ready)
        return Outcome::conversation_lost;
    return Outcome::allowed;
}

// False: it can't be followed again, or has been tried for so long since jitd last said how it
// stands.
bool Flow::cut_off()
{
    const BootTime now = outside_.now();
    if (back_until_ == BootTime{})
        back_until_ = std::min(now + std::min<seconds>(door_.fast + to_start, longest_absence),
                               last_moment());
    is_cut_off_ = may_come_back() && now < back_until_;
    return is_cut_off_;
}

// Asks for the same again once somebody is there, and hears the first reply. What a check before it
// was answered instead, while nobody follows still; lost: nobody was there for so long.
Heard Flow::come_back(std::string_view role)
{
    for (BootTime now = outside_.now(); now + between_tries < back_until_; now = outside_.now()) {
        const Event paused = outside_.pause(now + between_tries);
        if (paused != Event::timed_out)
            return {paused, 0, {}};
        // A request that nobody is there to read, and that is given up, would be one whose person
        // has gone; a check is a question. It also knows of a grant that was made meanwhile.
        ipc::CallWriter call = make_check();
        Heard heard = exchange(call.finish(), back_until_);
        ipc::ElevationReply reply;
        const bool is_read = heard.event == Event::ready && ipc::read_reply(heard.frame, reply);
        const bool is_early =
            is_read && reply.is_error && reply.error.view() == "io.jitd.Elevation.Unavailable";
        const bool may_ask =
            is_read && !reply.is_error && !reply.continues &&
            (reply.verdict.view() == "request" || reply.verdict.view() == "choose");
        if (may_ask) {
            heard = send_request(role, outside_.now() + door_.fast);
            if (heard.event == Event::ready) {
                is_cut_off_ = false;
                is_left_ = false; // jitd forgets that when somebody follows it
                look_until_ = outside_.now() + until_joined;
                return outside_.receive(std::min(deadline_, next_line_));
            }
        }
        const bool is_away = heard.event == Event::lost || heard.event == Event::timed_out;
        if (!is_away && !is_early)
            return heard;
    }
    return {Event::lost, 0, {}};
}

// A grant that was made meanwhile is as good as one that is made now.
Outcome Flow::judge_meanwhile(const ipc::ElevationReply &reply)
{
    if (reply.is_error || reply.verdict.view() == "denied")
        return refuse(reply);
    if (!reply.continues && reply.verdict.view() == "live")
        return live(reply);
    return nonsense();
}

// After Ctrl-C. While the question stands jitd's words wait: with a yes a grant that has come wins,
// after a no it is found by the next try.
bool Flow::wants_to_leave()
{
    if (!may_come_back() || door_.is_ssh())
        return false;
    Typed answer;
    return outside_.ask_at_interrupt(words_of(Sentence::keep_waiting), answer) == Event::ready &&
           is_yes(answer.view());
}

// Whether jitd says that the request waits on without us. One that is being started anew answers
// once it is there.
bool Flow::leave(bool is_lost)
{
    if (!is_left_) {
        ipc::CallWriter call{"io.jitd.Elevation.Leave", ipc::CallMode::once};
        is_left_ =
            outside_.ask_beside(call.name("id", id_.view()).finish(),
                                outside_.now() + (is_lost ? until_answer_anew : until_answer));
    }
    return is_left_;
}

Outcome Flow::end_following(Event event)
{
    if (is_leaving_ && (event == Event::timed_out || event == Event::lost)) {
        if (!leave(event == Event::lost))
            (void)say_no(kept_words(Sentence::not_left, id_.view()));
        else if (!door_.is_quiet)
            (void)outside_.tell(Tone::info, kept_words(Sentence::waits_on, id_.view()));
        return Outcome::aborted;
    }
    if (!may_come_back())
        return cut_short(event);
    if (event == Event::lost)
        return say_no(words_of(Sentence::not_followed));
    if (event == Event::timed_out && outlasts_us_)
        return say_no(kept_words(!leave()         ? Sentence::not_left
                                 : door_.is_ssh() ? Sentence::waits_for_login
                                                  : Sentence::waits_for_you,
                                 id_.view()));
    // The connection that would cancel by its end is gone, or a yes to the question stands.
    if ((is_cut_off_ || is_leaving_) && !is_left_) {
        ipc::CallWriter call{"io.jitd.Elevation.Cancel", ipc::CallMode::oneway};
        outside_.send_beside(call.name("id", id_.view()).finish());
    }
    return cut_short(event);
}

} // namespace jit::pam
