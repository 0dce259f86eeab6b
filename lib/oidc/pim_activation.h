// One activation of a membership through Privileged Identity Management for Groups, by Microsoft
// Graph and with the person's own token, as a pure state machine like DeviceGrant. In this order:
//
//   eligible?           no: refused
//   the group's policy  read for later; without leave to read it there is none
//   the instances       one that runs already: active
//   own requests        one that waits already: polled
//   the policy's rules  not met: refused, or one more sign-in demanded
//   POST                exists: on to the instances; lost, throttled: back to the instances
//   polls               2 to 30 s apart, until provisioned; denied and the like: refused
//   the instances       active, until the end that they have
//
// Active is only what the list of instances has for exactly this group and person, as a member, as
// an activation, with an end that lies ahead. Nothing is activated twice: after a POST whose fate
// is not known (no answer, 429, 5xx) both lists are read again, and before any further POST that of
// the person's requests.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/oidc/pim_policy.h"
#include "lib/oidc/pim_search.h"
#include "lib/oidc/pim_talk.h"

namespace jit::oidc {

struct PimAsk {
    PimWho who;
    std::string reason; // what is not fit for a terminal becomes '?'; 512 bytes are sent
    std::string ticket; // empty: find_ticket() looks for it in the reason
    std::chrono::seconds duration{};
    std::vector<std::string> contexts; // `acrs` of the sign-in
    // Whether PimDemands may come: no more, once a sign-in was made for it. Then PIM is asked
    // whatever `contexts` has, for it looks at the access token, and its refusal is one.
    bool may_demand = true;
};

// Tell the person what is waited for; afterwards call on_time() at `at`. Each comes once.
struct PimWaits {
    enum class What {
        approval,    // somebody who approves for the group in Entra
        provisioning // Entra, which carries it out
    };
    What what = What::approval;
    BootTime at;
};
struct PimActive {
    WallTime until; // nothing that is granted for it may last longer
    // What tells it from others: its schedule, as PimGroupPoll sees it (Activation::schedule).
    // Graph may not say it.
    std::string schedule;
    std::string request;    // PIM's id of the request; empty: not known
    bool was_there = false; // it ran before this was asked for
    // What the policy allows, where that is less than was asked for; else absent.
    std::optional<std::chrono::seconds> maximum;
};
// One more sign-in is needed, for these claims: a demand as make_claims_request() takes it. Its
// token goes into a new PimActivation, with may_demand = false.
struct PimDemands {
    std::string claims;
};
// After cancel(). `stays`: the activation, or the request for it, could not be taken back in Entra.
struct PimGone {
    bool stays = false;
};
using PimStep =
    std::variant<SendRequest, WaitUntil, PimWaits, PimActive, PimDemands, PimRefused, PimGone>;

class PimActivation
{
  public:
    explicit PimActivation(PimAsk ask);

    PimStep start(const Now &now);
    PimStep on_reply(const HttpReply &reply, const Now &now);
    // The time of the last WaitUntil or PimWaits has come; or the deadline, also while a request is
    // out. Called too early it says again when.
    PimStep on_time(const Now &now);
    // The person says that something has come of it: what is waited for is asked for at once, but
    // no sooner than two seconds after the last answer, nor than Graph allows.
    PimStep hurry(const Now &now);

    // The person wants it no more. Ends at once where nothing was asked of PIM; else it goes on
    // until PimGone: a SendRequest from here replaces one that is out, whose answer no longer
    // counts; with WaitUntil the answer that is out is still needed, for it tells what to take
    // back.
    PimStep cancel(const Now &now);

    // Any call that the state does not allow, such as one after the end, gives PimRefused,
    // `broken`.

  private:
    enum class State {
        eligibility,
        policy,
        instances, // before anything is asked for
        requests,
        activating,
        polling,
        proving, // the list of instances, of what PIM says is active
        withdrawing
    };

    // How often a request that was made may not be found yet.
    static constexpr unsigned max_missing = 5;

    // pim_activation.cc: from one state to the next.
    void enter(State state);
    PimStep go(State state, const Now &now);
    PimStep send(const Now &now);
    PimStep put_off(BootTime at);
    PimStep wait(const HttpReply &reply, const Now &now);
    PimStep read(const HttpReply &reply, const Now &now);
    PimStep read_instances(const HttpReply &reply, const Now &now);
    PimStep read_fault(const HttpReply &reply, const Now &now);
    PimStep finish(PimStep step);

    // pim_activation_search.cc: what is there already.
    PimStep read_eligibility(const HttpReply &reply, const Now &now);
    PimStep read_policy(const HttpReply &reply, const Now &now);
    PimStep take_up_instance(const Now &now);
    PimStep read_requests(const HttpReply &reply, const Now &now);

    // pim_activation_post.cc: it is asked for, and PIM may refuse.
    PimStep activate(const Now &now);
    PimStep post(const Now &now);
    PimStep read_refusal(const PimFault &fault, const Now &now);
    PimStep demand(std::string claims, const PimFault &fault);

    // pim_activation_proof.cc: what has come of it.
    PimStep read_request(const HttpReply &reply, const Now &now);
    PimStep follow(PimStatus status, const HttpReply &reply, const Now &now);
    PimStep tell(PimWaits::What what, PimStep wait);
    PimStep prove(const HttpReply &reply, const Now &now);
    PimStep end_active(bool was_there, bool is_less);

    // pim_activation_end.cc: the person goes, or the talk ends before it is active.
    PimStep end_late(const PimTurn &turn);
    PimStep end_over(const PimTurn &turn, const HttpReply &reply);
    PimStep end_nonsense();
    PimStep read_fault_of_who_left(const PimFault &fault);
    bool may_stand() const { return search_.is_unclear || !request_.empty(); }

    PimAsk ask_;
    PimTalk talk_;
    State state_ = State::eligibility;
    bool is_cancelled_ = false;
    BootTime allowed_at_{}; // hurried

    bool is_eligible_ = false;
    PimRules rules_;
    PimMembership membership_;
    PimSearch search_;

    std::string request_; // PIM's id of what is waited for
    bool exists_ = false; // PIM says that an activation runs already
    unsigned posts_ = 0;
    unsigned late_starts_ = 0; // StartTimeInPast
    unsigned tries_ = 0;       // in this state
    bool told_approval_ = false;
    bool told_provisioning_ = false;
};

} // namespace jit::oidc
