// One phase's exchange while it is under way: what flow.cc asks first, flow_request.cc after it,
// and flow_approval.cc while others are waited for.
#pragma once

#include "lib/ipc/call_writer.h"
#include "lib/ipc/reply_reader.h"
#include "pam_jit/flow.h"

namespace jit::pam {

// How often a person may answer wrongly.
inline constexpr int tries = 3;

class Flow
{
  public:
    Flow(const Door &door, Outside &outside) : door_(door), outside_(outside), start_(outside.now())
    {
    }

    Passage run()
    {
        passage_.outcome = door_.problem ? deny(*door_.problem) : check();
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
    ipc::CallWriter make_check() const;
    Outcome deny(Sentence problem);
    Outcome judge(const ipc::ElevationReply &reply);
    Outcome live(const ipc::ElevationReply &reply);
    Outcome wanted(std::string_view role);
    Outcome choose(const ipc::ElevationReply &reply);
    Outcome request(std::string_view role);
    Outcome request_once(std::string_view role);
    Heard send_request(std::string_view role, BootTime until);
    Outcome ask_reason();
    Outcome follow(std::string_view role);
    Heard hear(std::string_view role);
    void note_pending(const ipc::ElevationReply &reply);
    void say_waiting();
    Outcome show_code(const ipc::ElevationReply &reply);
    Event prompt();
    bool is_at_prompt() const { return door_.is_ssh() && (is_shown_ || is_approving_); }
    ipc::CallWriter &add_login(ipc::CallWriter &call) const;
    void hurry();
    Outcome granted(const ipc::ElevationReply &reply);

    Outcome show_approval(const ipc::ElevationReply &reply);
    bool cut_off();
    Heard come_back(std::string_view role);
    Outcome judge_meanwhile(const ipc::ElevationReply &reply);
    bool wants_to_leave();
    bool leave(bool is_lost = false);
    Outcome end_following(Event event);
    // Who has proven nothing comes back to nothing.
    bool may_come_back() const { return is_approving_ && door_.is_proven; }

    Outcome say_no(const Text &words)
    {
        if (!door_.is_observed)
            (void)outside_.tell(Tone::error, words); // the answer is no, heard or not
        return Outcome::denied;
    }
    Outcome refuse(const ipc::ElevationReply &reply)
    {
        if (!reply.message.empty())
            return say_no(said_words(reply.message.view()));
        return say_no(reply.cause.empty() ? words_of(Sentence::denied)
                                          : said_words(reply.cause.view()));
    }
    Outcome nonsense()
    {
        (void)say_no(words_of(Sentence::not_understood));
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
    BootTime told_until_{}; // what a person is told
    BootTime next_line_ = BootTime::max();
    bool is_shown_ = false;            // the code
    bool is_approving_ = false;        // others are waited for, and no code counts
    bool outlasts_us_ = false;         // the request goes on after our own time
    bool is_cut_off_ = false;          // no connection follows the request
    BootTime back_until_{};            // so long it is tried to follow it again
    bool is_leaving_ = false;          // so the person wants it
    bool is_left_ = false;             // jitd says that it waits on without us
    FixedText<512> said_;              // of the approval, last
    BootTime look_until_{};            // for an answer after Enter, over ssh
    bool is_asked_ = false;            // for Enter, about this code
    FixedText<16> id_;                 // of the request whose code or approval is shown
    BootTime hurried_{};               // when Enter was passed on last
    std::chrono::seconds duration_{0}; // of the grant asked for
    Typed reason_;
    bool wants_reason_ = false; // the role does, or another one
    FixedText<512> wanted_;     // what it wants
    Passage passage_;
};

} // namespace jit::pam
