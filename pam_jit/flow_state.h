// One phase's exchange while it is under way: what flow.cc asks first, and flow_request.cc after
// it.
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
    Outcome deny(Sentence problem);
    Outcome judge(const ipc::ElevationReply &reply);
    Outcome live(const ipc::ElevationReply &reply);
    Outcome wanted(std::string_view role);
    Outcome choose(const ipc::ElevationReply &reply);
    Outcome request(std::string_view role);
    Outcome request_once(std::string_view role);
    Outcome ask_reason();
    Outcome follow(std::string_view role);
    Outcome show_code(const ipc::ElevationReply &reply);
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
    BootTime deadline_{};              // of the request
    BootTime code_until_{};            // what a person is told
    bool is_shown_ = false;            // the code
    BootTime look_until_{};            // for an answer after Enter, over ssh
    bool is_asked_ = false;            // for Enter, about this code
    FixedText<16> id_;                 // of the request whose code is shown
    BootTime hurried_{};               // when Enter was passed on last
    std::chrono::seconds duration_{0}; // of the grant asked for
    Typed reason_;
    bool wants_reason_ = false; // the role does, or another one
    FixedText<512> wanted_;     // what it wants
    Passage passage_;
};

} // namespace jit::pam
