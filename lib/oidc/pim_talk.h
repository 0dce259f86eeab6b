// One talk with Microsoft Graph about one person's membership in one group, from its beginning to
// its deadline or its end: what PimActivation, PimDeactivation and PimLook have in common. One
// question is out at a time; a machine hears here first what has come of it, and does its own part
// where the talk goes on:
//
//   begin()      then the machine's first ask()
//   on_reply()   go on: read the answer, and ask(), wait_until() or end
//   on_time()    go on: ask() again, or the next thing
//   refuse()     or close(): the end. Whatever comes after it is misuse.
#pragma once

#include <optional>
#include <string>

#include "lib/base/clock.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/graph_link.h"
#include "lib/oidc/pim_errors.h"
#include "lib/oidc/pim_replies.h"

namespace jit::oidc {

// What the person is to do, as a sentence; the talk says before it what has happened.
struct PimRemedies {
    const char *no_sense = ""; // an answer made no sense
    const char *away = "";     // none came in time
};

// What is to be done before the machine has its say.
struct PimTurn {
    enum class What {
        go_on,
        wait,   // until `at`: too early, or it is asked again then
        late,   // the deadline has come
        over,   // Graph can't be asked on
        misuse, // nothing was to come now
    };
    What what = What::go_on;
    BootTime at{};
    // With late, over and misuse: what refuse() takes.
    Failure failure = Failure::none;
    std::string advice;
};

class PimTalk
{
  public:
    //   is_known  Graph has accepted the token before
    PimTalk(PimWho who, bool is_known, PimRemedies remedies);

    // Its token is in the link.
    const PimWho &who() const { return who_; }
    GraphLink &link() { return link_; }

    // Absent: begun.
    std::optional<PimRefused> begin(const Now &now);
    PimTurn on_time(const Now &now) const;
    PimTurn on_reply(const HttpReply &reply, const Now &now);

    SendRequest ask(HttpRequest question);
    WaitUntil wait_until(BootTime at);

    // The list of the person's active memberships, page after page while link().has_more().
    SendRequest ask_instances();
    //   returns  false: it makes no sense
    bool read_instances(const HttpReply &reply, const Now &now, PimMembership &found);

    // Begun, and not at its end.
    bool is_on() const { return stage_ == Stage::on; }
    bool is_out() const { return is_out_; } // a question
    bool is_late(const Now &now) const { return now.boot >= link_.deadline(); }
    BootTime next_at() const { return next_at_; } // of the last wait

    // Ends it. Without an id of Graph's the line to the log is our own.
    PimRefused refuse(Failure failure, std::string advice, const std::string &correlation_id = {});
    PimRefused refuse(const PimFault &fault);
    PimRefused refuse(const PimTurn &turn);
    PimRefused refuse_nonsense();
    PimRefused refuse_misused();
    void close();

  private:
    enum class Stage {
        idle,
        on,
        over
    };

    PimTurn stop(PimTurn::What what) const;

    PimWho who_;
    GraphLink link_;
    PimRemedies remedies_;
    Stage stage_ = Stage::idle;
    bool is_out_ = false;
    BootTime next_at_{};
};

} // namespace jit::oidc
