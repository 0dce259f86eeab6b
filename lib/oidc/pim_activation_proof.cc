// What has come of a request that PIM has: it is polled until it is provisioned, and then the list
// of instances has to prove that it is active.
#include "lib/oidc/pim_activation.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr unsigned max_unproven = 10; // "provisioned", and no instance yet: some four minutes

constexpr const char *unproven = "Entra says that the group is active and does not list it. Run it "
                                 "again, and ask the administrator if it recurs.";
constexpr const char *in_past = "Entra says that the activation has ended already. The "
                                "administrator has to check this host's clock.";
constexpr const char *standing =
    "You are a member of the group without PIM, so there is nothing to activate. The administrator "
    "has to make that membership eligible.";

} // namespace

// The answer to the POST, or to a poll.
PimStep PimActivation::read_request(const HttpReply &reply, const Now &now)
{
    const Json parsed = parse_object(reply.body.reveal());
    auto request = read_pim_request(parsed.get(), talk_.who());
    if (!request || (state_ == State::polling && to_lower(request->id) != to_lower(request_))) {
        search_.is_unclear = true;
        return end_nonsense();
    }
    if (state_ == State::activating) {
        request_ = std::move(request->id);
        enter(State::polling);
    }
    return follow(request->status, reply, now);
}

PimStep PimActivation::follow(PimStatus status, const HttpReply &reply, const Now &now)
{
    if (status == PimStatus::provisioned)
        return is_cancelled_ ? finish(PimGone{true}) : go(State::proving, now);
    if (const auto ending = find_ending(status)) {
        if (is_cancelled_)
            return finish(PimGone{false});
        return talk_.refuse(ending->failure, ending->advice);
    }
    if (is_cancelled_)
        return go(State::withdrawing, now);
    return tell(status == PimStatus::approval ? PimWaits::What::approval
                                              : PimWaits::What::provisioning,
                wait(reply, now));
}

// Once each; nobody listens any more who has left.
PimStep PimActivation::tell(PimWaits::What what, PimStep wait)
{
    bool &told = what == PimWaits::What::approval ? told_approval_ : told_provisioning_;
    if (is_cancelled_ || std::exchange(told, true))
        return wait;
    return PimWaits{what, talk_.next_at()};
}

PimStep PimActivation::prove(const HttpReply &reply, const Now &now)
{
    if (membership_.until)
        return end_active(exists_ && !search_.is_unclear,
                          !exists_ && rules_.maximum && *rules_.maximum < ask_.duration);
    if (membership_.has_ended)
        return talk_.refuse(Failure::broken, in_past);
    if (exists_ && membership_.is_standing)
        return talk_.refuse(Failure::blocked, standing);
    if (tries_ >= max_unproven)
        return talk_.refuse(Failure::broken, unproven);
    membership_ = {};
    return tell(PimWaits::What::provisioning, wait(reply, now));
}

// As the list of instances has it.
//   is_less  than was asked for, by the group's policy
PimStep PimActivation::end_active(bool was_there, bool is_less)
{
    return finish(PimActive{*membership_.until, membership_.schedule, request_, was_there,
                            is_less ? rules_.maximum : std::nullopt});
}

} // namespace jit::oidc
