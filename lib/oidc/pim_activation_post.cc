// Asking PIM for an activation: what the group's policy wants before, the POST, and what PIM
// refuses it with.
#include "lib/oidc/pim_activation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/oidc/claims_request.h"
#include "lib/oidc/pim_questions.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr unsigned max_posts = 4;
// After "the start lies in the past": this clock is behind PIM's, or the way there is long.
constexpr seconds starts[] = {seconds{0}, seconds{30}, seconds{120}};

constexpr const char *not_taken =
    "Microsoft Graph did not take the activation, though it was asked several times. Run it again "
    "later.";

bool has_text(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return c != ' ' && c != '\t'; });
}

} // namespace

// What the rules demand counts only here: what runs or waits already is none of their business.
PimStep PimActivation::activate(const Now &now)
{
    const auto &had = ask_.contexts;
    if (!rules_.context.empty() && ask_.may_demand &&
        std::find(had.begin(), had.end(), rules_.context) == had.end())
        return finish(PimDemands{make_claims_request(rules_.context, {})});
    if (rules_.wants_reason && !has_text(ask_.reason))
        return talk_.refuse(Failure::blocked, explain_rule("justificationrule"));
    if (rules_.wants_ticket && ask_.ticket.empty())
        return talk_.refuse(Failure::blocked, explain_rule("ticketingrule"));
    if (posts_ >= max_posts)
        return talk_.refuse(Failure::unreachable, not_taken);
    return go(State::activating, now);
}

PimStep PimActivation::post(const Now &now)
{
    if (++posts_ == 1)
        search_.posted = now.wall;
    const PimWish wish{now.wall + starts[late_starts_],
                       std::min(ask_.duration, rules_.maximum.value_or(ask_.duration)),
                       has_text(ask_.reason) ? ask_.reason : "", ask_.ticket};
    return talk_.ask(talk_.link().post(requests_target(), make_activation(talk_.who(), wish)));
}

PimStep PimActivation::read_refusal(const PimFault &fault, const Now &now)
{
    switch (fault.kind) {
    case PimFault::Kind::exists:
        exists_ = true;
        return go(State::proving, now);
    case PimFault::Kind::is_open:
        if (std::exchange(search_.is_open, true))
            break;
        return go(State::requests, now);
    case PimFault::Kind::in_past:
        if (late_starts_ + 1 >= std::size(starts))
            break;
        ++late_starts_;
        return go(State::requests, now);
    case PimFault::Kind::context:
        if (fault.demanded.empty() && rules_.context.empty())
            break;
        return demand(fault.demanded.empty() ? make_claims_request(rules_.context, {})
                                             : fault.demanded,
                      fault);
    case PimFault::Kind::factor:
        return demand(second_factor_demand(), fault);
    case PimFault::Kind::too_short:
    case PimFault::Kind::is_gone:
    case PimFault::Kind::other:
        break;
    }
    return talk_.refuse(fault);
}

PimStep PimActivation::demand(std::string claims, const PimFault &fault)
{
    if (!ask_.may_demand || claims.empty())
        return talk_.refuse(fault);
    return finish(PimDemands{std::move(claims)});
}

} // namespace jit::oidc
