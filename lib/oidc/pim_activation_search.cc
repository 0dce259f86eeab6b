// What an activation finds before it asks PIM for anything: whether the person may have it, what
// the group's policy wants, and what runs or waits already.
#include "lib/oidc/pim_activation.h"

#include <utility>

namespace jit::oidc {

PimStep PimActivation::read_eligibility(const HttpReply &reply, const Now &now)
{
    const bool is_read = talk_.link().read_page(reply, [this](const json_t *entry) {
        is_eligible_ = is_eligible_ || makes_eligible(entry, talk_.who());
        return true;
    });
    if (!is_read)
        return end_nonsense();
    if (is_eligible_)
        return go(State::policy, now);
    if (talk_.link().has_more())
        return send(now);
    return talk_.refuse(Failure::blocked, explain_rule("eligibilityrule"));
}

PimStep PimActivation::read_policy(const HttpReply &reply, const Now &now)
{
    const bool is_read = talk_.link().read_page(reply, [this](const json_t *entry) {
        return add_policy(rules_, entry, talk_.who().group);
    });
    if (!is_read)
        return end_nonsense();
    return talk_.link().has_more() ? send(now) : go(State::instances, now);
}

// The list of instances has been read, before anything was asked for or after a POST of unknown
// fate.
PimStep PimActivation::take_up_instance(const Now &now)
{
    if (!membership_.until)
        return go(State::requests, now);
    return end_active(!search_.is_unclear, false);
}

PimStep PimActivation::read_requests(const HttpReply &reply, const Now &now)
{
    const bool is_read = talk_.link().read_page(reply, [&](const json_t *entry) {
        search_.take(entry, talk_.who(), now.wall);
        return true;
    });
    if (!is_read)
        return end_nonsense();
    if (talk_.link().has_more())
        return send(now);
    if (search_.found) {
        request_ = search_.found->id;
        const bool is_done = search_.found->status == PimStatus::provisioned;
        if (is_cancelled_)
            return is_done ? finish(PimGone{true}) : go(State::withdrawing, now);
        return go(is_done ? State::proving : State::polling, now);
    }
    if (is_cancelled_)
        return finish(PimGone{search_.is_open});
    if (!search_.is_open)
        return activate(now);
    // PIM says that there is one; its list may lag behind.
    if (tries_ >= max_missing)
        return talk_.refuse(Failure::blocked,
                            "A request of yours for this group is open in PIM and can't be found. "
                            "Cancel it in Entra and run it again.");
    return wait(reply, now);
}

} // namespace jit::oidc
