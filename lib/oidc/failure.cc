#include "lib/oidc/failure.h"

#include <algorithm>

#include "lib/oidc/claims_request.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

// Those that end a flow.
struct Ending {
    std::string_view error;
    Failure failure;
};
constexpr Ending endings[] = {
    {"authorization_declined", Failure::declined}, // Entra's name
    {"access_denied", Failure::declined},          // the RFC's
    {"expired_token", Failure::expired},
    {"code_expired", Failure::expired},
    {"bad_verification_code", Failure::broken},
    {"invalid_grant", Failure::blocked},
    {"interaction_required", Failure::blocked},
    {"consent_required", Failure::blocked},
    {"login_required", Failure::blocked},
    {"invalid_client", Failure::misconfigured},
    {"unauthorized_client", Failure::misconfigured},
    {"invalid_request", Failure::misconfigured},
    {"invalid_scope", Failure::misconfigured},
    {"invalid_resource", Failure::misconfigured},
    {"invalid_target", Failure::misconfigured},
    {"unsupported_grant_type", Failure::misconfigured},
};

// Refused for good: whatever else the person gives, the answer stays the same.
bool is_closed_door(int code)
{
    for (const int closed : {53000, 53001, 53003, 53011, 50097, 50131, 50155, 530032, 530035})
        if (code == closed)
            return true;
    return false;
}

} // namespace

Failure failure_of(std::string_view error)
{
    const auto *found = std::find_if(std::begin(endings), std::end(endings),
                                     [&](const Ending &ending) { return ending.error == error; });
    return found == std::end(endings) ? Failure::broken : found->failure;
}

Failure failure_of(HttpReply::Distrust distrust)
{
    switch (distrust) {
    case HttpReply::Distrust::name:
        return Failure::wrong_host;
    case HttpReply::Distrust::dates:
        return Failure::out_of_date;
    case HttpReply::Distrust::version:
        return Failure::old_tls;
    case HttpReply::Distrust::authority:
        return Failure::foreign;
    case HttpReply::Distrust::other:
        break;
    }
    return Failure::not_trusted;
}

const char *explain(Failure failure)
{
    switch (failure) {
    case Failure::none:
        return "";
    case Failure::declined:
        return "The sign-in was declined.";
    case Failure::expired:
        return "It was not approved in time. Start again.";
    case Failure::unreachable:
        return "The identity provider could not be reached. Try again later.";
    case Failure::not_trusted:
    case Failure::foreign:
    case Failure::wrong_host:
    case Failure::out_of_date:
    case Failure::old_tls:
        return "The identity provider's certificate is not trusted. Ask the administrator.";
    case Failure::misconfigured:
    case Failure::unfit:
        return "The provider refused this host's registration. The administrator has to check it.";
    case Failure::blocked:
        return "The provider does not accept this sign-in, or the code was used already. The "
               "browser page says more.";
    case Failure::broken:
        break;
    }
    return "The identity provider's answer makes no sense. Ask the administrator.";
}

std::string find_demand(const json_t *reply, std::string_view error, int code)
{
    // Microsoft's suberror for "only to be shown".
    if (is_closed_door(code) || text_member(reply, "suberror") == "message_only")
        return {};
    std::string claims = read_demand(text_member(reply, "claims").value_or(""));
    if (!claims.empty())
        return claims;
    for (const int factor : {50072, 50074, 50076, 50078, 50079})
        if (code == factor)
            return second_factor_demand();
    return error == "interaction_required" ? second_factor_demand() : std::string{};
}

} // namespace jit::oidc
