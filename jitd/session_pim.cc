// Mode pim within a request's life: the requester's own sign-in activates his membership in Entra,
// where others may have to approve it.
#include <algorithm>

#include "jitd/session.h"
#include "jitd/words.h"

namespace jit::daemon {

namespace {

// As mode watch calls it, so that it is known there as one that has served a request.
std::string_view name_of(const oidc::PimActive &active)
{
    if (!active.schedule.empty())
        return active.schedule;
    return active.request.empty() ? unknown_activation : std::string_view{active.request};
}

} // namespace

void Session::note_clocks(Now now)
{
    const WallTime deadline =
        now.wall + std::chrono::ceil<std::chrono::seconds>(facts_.deadline - now.boot);
    // A second is what the two clocks may differ in, unset.
    if (std::chrono::abs(deadline - facts_.deadline_wall) > std::chrono::seconds{1})
        facts_.deadline_wall = deadline;
}

// By the wall clock as it was told last: nothing here reads one.
Now Session::clocks_at(BootTime now) const
{
    const auto left = std::chrono::ceil<std::chrono::seconds>(facts_.deadline - now);
    return {facts_.deadline_wall - left, now};
}

Actions Session::activate(Now now)
{
    if (!sign_in_ || !sign_in_->party() || !claims_)
        return close(ipc::Cause::failed, std::string{words::activate_again});
    const bool may_demand = !sign_in_->has_demanded();
    const auto make_who = [&](SecretString token) {
        return oidc::PimWho{sign_in_->party()->provider.graph_host,
                            std::move(token),
                            facts_.pim_group,
                            facts_.oid,
                            correlation_,
                            facts_.deadline};
    };
    activator_ = std::make_unique<oidc::PimWho>(make_who(sign_in_->take_access_token()));
    activation_ = std::make_unique<oidc::PimActivation>(
        oidc::PimAsk{make_who(SecretString{activator_->token.reveal()}), facts_.reason.value_or(""),
                     "", facts_.duration, claims_->contexts, may_demand});
    if (is_heir_)
        activation_->adopt();
    waits_for_ = words::asks_entra(facts_.pim_group);
    return follow_activation(activation_->start(now));
}

Actions Session::follow_activation(oidc::PimStep step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return list(SendHttp{std::move(send->request)});
    if (const auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return list(WakeAt{wait->at});
    if (const auto *waits = std::get_if<oidc::PimWaits>(&step)) {
        waits_for_ = waits->what == oidc::PimWaits::What::approval
                         ? words::waits_in_entra(facts_.pim_group)
                         : std::string{words::entra_carries_out};
        return list(Await{}, WakeAt{waits->at});
    }
    activation_.reset();
    if (const auto *active = std::get_if<oidc::PimActive>(&step))
        return on_active(*active);
    activator_.reset();
    if (auto *demands = std::get_if<oidc::PimDemands>(&step)) {
        // From here on it waits for a sign-in, as it did before.
        awaited_.reset();
        waits_for_.clear();
        state_ = State::signing_in;
        facts_.pim_claims = demands->claims;
        return follow(sign_in_->demand(std::move(demands->claims), facts_.deadline));
    }
    const auto *refused = std::get_if<oidc::PimRefused>(&step);
    if (refused == nullptr)
        return close(ipc::Cause::failed, std::string{words::activate_again});
    if (!refused->correlation_id.empty())
        correlation_ = refused->correlation_id;
    const ipc::Cause cause = refused->failure == oidc::Failure::expired
                                 ? ipc::Cause::timed_out
                                 : words::cause_of(refused->failure);
    return close(cause, words::no_activation(refused->advice, correlation_));
}

Actions Session::on_active(const oidc::PimActive &active)
{
    sign_in_.reset();
    was_active_ = active.was_there && !is_heir_;
    if (active.maximum)
        waits_for_ = words::entra_allows(*active.maximum);
    else
        waits_for_ = std::string{words::entra_activated};
    return join(meet(name_of(active), active.until,
                     who() + "'s activation of " + facts_.pim_group + " in Entra" +
                         (active.was_there ? ", which ran before," : "") + " approves role " +
                         facts_.role),
                list(WakeAt{facts_.deadline}));
}

// Who has yet to sign in has asked Entra for nothing, and asks anew.
bool Session::shares_activation(const Session &other) const
{
    return &other != this && !is_closed() && awaited_ &&
           facts_.mode == policy::Approval::Mode::pim && other.facts_.mode == facts_.mode &&
           facts_.pim_group == other.facts_.pim_group && facts_.oid == other.facts_.oid;
}

void Session::inherit_activation()
{
    is_heir_ = true;
    was_active_ = false;
    if (activation_)
        activation_->adopt();
}

} // namespace jit::daemon
