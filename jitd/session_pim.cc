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
                            facts_.entra->group,
                            facts_.oid,
                            correlation(),
                            facts_.deadline};
    };
    InEntra &there = in_entra_.fill();
    there.activator = std::make_unique<oidc::PimWho>(make_who(sign_in_->take_access_token()));
    there.activation = std::make_unique<oidc::PimActivation>(oidc::PimAsk{
        make_who(SecretString{there.activator->token.reveal()}), facts_.reason.value_or(""), "",
        facts_.duration, claims_->contexts, may_demand});
    if (there.is_heir)
        there.activation->adopt();
    there.waits_for = words::asks_entra(facts_.entra->group);
    return follow_activation(there.activation->start(now));
}

Actions Session::follow_activation(oidc::PimStep step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return list(SendHttp{std::move(send->request)});
    if (const auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return list(WakeAt{wait->at});
    if (const auto *waits = std::get_if<oidc::PimWaits>(&step)) {
        in_entra_.fill().waits_for = waits->what == oidc::PimWaits::What::approval
                                         ? words::waits_in_entra(facts_.entra->group)
                                         : std::string{words::entra_carries_out};
        return list(Await{}, WakeAt{waits->at});
    }
    in_entra_.fill().activation.reset();
    if (const auto *active = std::get_if<oidc::PimActive>(&step))
        return on_active(*active);
    in_entra_.fill().activator.reset();
    if (auto *demands = std::get_if<oidc::PimDemands>(&step)) {
        // From here on it waits for a sign-in, as it did before.
        awaited_.reset();
        in_entra_.fill().waits_for.clear();
        state_ = State::signing_in;
        facts_.entra.fill().claims = demands->claims;
        return follow(sign_in_->demand(std::move(demands->claims), facts_.deadline));
    }
    const auto *refused = std::get_if<oidc::PimRefused>(&step);
    if (refused == nullptr)
        return close(ipc::Cause::failed, std::string{words::activate_again});
    end_sign_in();
    if (!refused->correlation_id.empty())
        signer_.fill().correlation = refused->correlation_id;
    const ipc::Cause cause = refused->failure == oidc::Failure::expired
                                 ? ipc::Cause::timed_out
                                 : words::cause_of(refused->failure);
    return close(cause, words::no_activation(refused->advice, correlation()));
}

Actions Session::on_active(const oidc::PimActive &active)
{
    end_sign_in();
    InEntra &there = in_entra_.fill();
    there.was_active = active.was_there && !there.is_heir;
    if (active.maximum)
        there.waits_for = words::entra_allows(*active.maximum);
    else
        there.waits_for = std::string{words::entra_activated};
    return join(meet(name_of(active), active.until,
                     who() + "'s activation of " + facts_.entra->group + " in Entra" +
                         (active.was_there ? ", which ran before," : "") + " approves role " +
                         facts_.role),
                list(WakeAt{facts_.deadline}));
}

// Who has yet to sign in has asked Entra for nothing, and asks anew.
bool Session::shares_activation(const Session &other) const
{
    return &other != this && !is_closed() && awaited_ &&
           facts_.mode == policy::Approval::Mode::pim && other.facts_.mode == facts_.mode &&
           facts_.entra->group == other.facts_.entra->group && facts_.oid == other.facts_.oid;
}

void Session::inherit_activation()
{
    InEntra &there = in_entra_.fill();
    there.is_heir = true;
    there.was_active = false;
    if (there.activation)
        there.activation->adopt();
}

} // namespace jit::daemon
