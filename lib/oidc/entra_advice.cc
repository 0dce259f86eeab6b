#include "lib/oidc/entra_advice.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr int max_code = 99'999'999;

struct Advice {
    int code;
    const char *line;
};

constexpr const char *not_in_time = "It was not approved in time. Start again.";
constexpr const char *sign_in_again = "The earlier sign-in no longer counts. Start again.";
constexpr const char *used = "The code was used or withdrawn already. Start again.";
constexpr const char *second_factor =
    "A second factor is required and was not given. Start again and complete it in the browser.";
constexpr const char *register_factor =
    "Register a second factor for your account first, then start again.";
// What most tenants answer until somebody has made an exception: Microsoft ships this very policy.
constexpr const char *device_code_block =
    "Blocked by Conditional Access, most likely by the tenant's policy \"Block device code flow\". "
    "The administrator has to exclude the users of this service from it, and finds the policy in "
    "Entra's sign-in log under the correlation id.";
constexpr const char *policy =
    "Blocked by a Conditional Access policy. The administrator finds which in Entra's sign-in log "
    "under the correlation id.";
constexpr const char *defaults =
    "Blocked by the tenant's security defaults. The administrator has to allow it.";
constexpr const char *device =
    "A policy demands a managed or joined device, which this way of signing in cannot prove. "
    "The administrator has to change the policy.";
constexpr const char *locked =
    "Your account is locked, at risk, or signs in from a blocked address. Ask the administrator.";
constexpr const char *unassigned = "You are not entitled to use this service. Ask to be assigned.";
constexpr const char *consent = "The administrator has to grant consent to the application.";
constexpr const char *scope =
    "The scopes or resources of the application registration are wrong. The administrator has to "
    "correct them.";
constexpr const char *unknown_app =
    "The application, or what it asks for, is unknown or disabled in this tenant. The "
    "administrator has to check client_id and tenant.";
constexpr const char *not_public =
    "The application registration does not allow public client flows. The administrator has to "
    "enable them.";
constexpr const char *secret_sent =
    "The registration is public, yet a client secret was sent. The administrator has to look at "
    "what stands between this host and the provider.";
constexpr const char *other_account = "Use an account of your own organisation.";
constexpr const char *password =
    "The account's password is wrong, expired, or the account is disabled. Sign in elsewhere "
    "first, or ask the administrator.";
constexpr const char *signing_key =
    "The application uses a claims mapping that needs a signing key of its own. The administrator "
    "has to remove it.";
constexpr const char *loop = "The provider refuses because of too many requests in a loop. Ask the "
                             "administrator before trying again.";
constexpr const char *busy = "The provider is busy or faulty. Try again later.";
constexpr const char *wrong_tenant =
    "The tenant or cloud in the configuration is wrong. The administrator has to correct it.";

// By number, for the search.
constexpr Advice table[] = {
    {16000, other_account},
    {16003, other_account},
    {28002, scope},
    {50020, other_account},
    {50033, busy},
    {50034, other_account},
    {50053, locked},
    {50055, password},
    {50057, password},
    {50059, wrong_tenant},
    {50072, register_factor},
    {50074, second_factor},
    {50076, second_factor},
    {50078, second_factor},
    {50079, register_factor},
    {50097, device},
    {50105, unassigned},
    {50126, password},
    {50131, policy},
    {50132, sign_in_again},
    {50133, sign_in_again},
    {50134, "The sign-in went to another data centre. Start again; if it recurs, ask the "
            "administrator."},
    {50144, password},
    {50146, signing_key},
    {50155, device},
    {50173, sign_in_again},
    {50194, wrong_tenant},
    {50196, loop},
    {51004, other_account},
    {53000, device},
    {53001, device},
    {53003, device_code_block},
    {53004, register_factor},
    {53011, locked},
    {54005, used},
    {65001, consent},
    {65004, "Consent to the application was declined. The administrator may grant it."},
    {65005, scope},
    {70000, used},
    {70001, unknown_app},
    {70008, sign_in_again},
    {70011, scope},
    {70018, "The code was not recognised. Start again and type it as shown."},
    {70019, not_in_time},
    {70020, not_in_time},
    {70043, sign_in_again},
    {90002, wrong_tenant},
    {90006, busy},
    {90012, busy},
    {90019, wrong_tenant},
    {90024, busy},
    {90033, busy},
    {90038, wrong_tenant},
    {90055, busy},
    {90072, other_account},
    {90094, consent},
    {90095, consent},
    {90120, "The code was approved or declined already. Start again."},
    {500011, unknown_app},
    {500121, second_factor},
    {500213, other_account},
    {530032, policy},
    {530035, defaults},
    {650056, scope},
    {650057, scope},
    {700016, unknown_app},
    {700022, scope},
    {700025, secret_sent},
    {700082, sign_in_again},
    {7000112, unknown_app},
    {7000218, not_public},
    {9001023, wrong_tenant},
};
static_assert(std::is_sorted(std::begin(table), std::end(table),
                             [](const Advice &a, const Advice &b) { return a.code < b.code; }));

} // namespace

int read_provider_code(const json_t *reply)
{
    const json_t *first = json_array_get(json_object_get(reply, "error_codes"), 0);
    if (json_is_integer(first)) {
        const json_int_t code = json_integer_value(first);
        return code >= 1 && code <= max_code ? static_cast<int>(code) : 0;
    }
    const auto description = text_member(reply, "error_description");
    constexpr std::string_view mark = "AADSTS";
    if (!description || !description->starts_with(mark))
        return 0;
    int code = 0;
    const char *begin = description->data() + mark.size();
    const char *end = description->data() + description->size();
    const auto [stop, fault] = std::from_chars(begin, end, code);
    return fault == std::errc{} && stop != begin && code >= 1 && code <= max_code ? code : 0;
}

const char *advice_for(int provider_code)
{
    const auto *found =
        std::lower_bound(std::begin(table), std::end(table), provider_code,
                         [](const Advice &row, int code) { return row.code < code; });
    return found != std::end(table) && found->code == provider_code ? found->line : nullptr;
}

} // namespace jit::oidc
