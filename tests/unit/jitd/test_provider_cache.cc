// What the provider is asked for by what a sign-in is for.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/provider_cache.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::daemon;

namespace {

// Publishes a tenant's endpoints to whoever asks.
class Publisher : public net::HttpClient
{
  public:
    Transfer send(oidc::HttpRequest, Done done) override
    {
        const std::string base =
            std::string{R"("https://login.microsoftonline.com/)"} + oidc::test_tenant;
        done(oidc::reply_of(200, R"({"issuer":)" + base +
                                     R"(/v2.0","device_authorization_endpoint":)" + base +
                                     R"(/d","token_endpoint":)" + base + R"(/t","jwks_uri":)" +
                                     base + R"(/k","msgraph_host":"graph.microsoft.com"})"));
        return 1;
    }
    void cancel(Transfer) override {}
};

// The scopes that a sign-in asks for, with these configured.
std::string scopes_of(Purpose purpose, std::vector<std::string> configured)
{
    Publisher http;
    oidc::Expectations expected = oidc::entra_expectations();
    expected.graph_hosts = {"graph.microsoft.com"};
    expected.scopes = std::move(configured);
    ProviderCache cache{http, expected, "c11e0000-0000-4000-8000-000000000009", [](BootTime) {},
                        ""};
    std::string scopes;
    cache.find_party(
        boot_time(), purpose,
        [&](const std::shared_ptr<const oidc::Party> &party, oidc::Failure, const char *) {
            assert_non_null(party.get());
            for (const std::string &one : party->expected.scopes)
                scopes += (scopes.empty() ? "" : " ") + one;
        });
    return scopes;
}

constexpr const char *of_pim =
    " https://graph.microsoft.com/PrivilegedEligibilitySchedule.Read.AzureADGroup"
    " https://graph.microsoft.com/PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
    " https://graph.microsoft.com/RoleManagementPolicy.Read.AzureADGroup";

void an_activation_asks_for_pim_and_for_one_resource_alone(void **)
{
    const std::string graph = "https://graph.microsoft.com/GroupMember.Read.All";
    assert_text(scopes_of(Purpose::activation, {"openid", "profile"}),
                std::string{"openid profile"} + of_pim);
    assert_text(scopes_of(Purpose::activation, {"openid"}), std::string{"openid profile"} + of_pim);
    assert_text(scopes_of(Purpose::activation,
                          {"openid", "email", "User.Read", graph, "api://jit/Elevate",
                           "https://other.example/x", "https://graph.microsoft.com.example/x",
                           "c11e0000-0000-4000-8000-000000000002/.default"}),
                "openid profile email User.Read " + graph + of_pim);
    // What is configured is not asked for twice.
    assert_text(scopes_of(Purpose::activation,
                          {"openid", "profile",
                           "https://graph.microsoft.com/RoleManagementPolicy.Read.AzureADGroup"}),
                "openid profile https://graph.microsoft.com/RoleManagementPolicy.Read.AzureADGroup "
                "https://graph.microsoft.com/PrivilegedEligibilitySchedule.Read.AzureADGroup "
                "https://graph.microsoft.com/PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup");
}

void others_ask_for_what_is_configured(void **)
{
    for (const Purpose purpose : {Purpose::request, Purpose::approval})
        assert_text(scopes_of(purpose, {"openid", "api://jit/Elevate"}),
                    "openid api://jit/Elevate");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_asks_for_pim_and_for_one_resource_alone),
        cmocka_unit_test(others_ask_for_what_is_configured),
    };
    return cmocka_run_group_tests_name("jitd/provider_cache", tests, nullptr, nullptr);
}
