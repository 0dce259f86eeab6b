#include "tests/entra/oauth_checks.h"

#include "lib/base/text.h"

namespace jit::entra {

std::optional<Reply> refuse_request(const World &world, const OauthRequest &request,
                                    std::initializer_list<const char *> needed)
{
    const auto refuse = [&](OauthError error) {
        return make_error_reply(error, request.correlation_id);
    };
    if (request.method != "POST")
        return refuse(
            {400, "invalid_request", 900561,
             "The endpoint only accepts POST requests. Received a " + request.method + " request.",
             "", ""});
    const std::string tenant = to_lower(request.tenant);
    if (tenant == "organizations" || tenant == "common")
        return refuse({400, "invalid_request", 50059, "", "", ""});
    const bool is_other = contains(world.config.other_tenants, tenant);
    if (tenant != world.config.tenant && !is_other)
        return refuse_tenant(request, "invalid_request");
    if (request.form.duplicated)
        return refuse({400, "invalid_request", 9000411,
                       "The request is not properly formatted. The parameter '" +
                           *request.form.duplicated + "' is duplicated.",
                       "", ""});
    for (const char *name : needed)
        if (request.form.get(name).empty())
            return refuse({400, "invalid_request", 900144,
                           "The request body must contain the following parameter: '" +
                               std::string{name} + "'.",
                           "", ""});
    const std::string client_id = request.form.get("client_id");
    if (world.config.find_app(client_id) == nullptr || is_other)
        return refuse({400, "unauthorized_client", 700016,
                       "Application with identifier '" + client_id +
                           "' was not found in the directory '" + request.tenant + "'.",
                       "", ""});
    return std::nullopt;
}

Reply refuse_tenant(const OauthRequest &request, const char *error)
{
    return make_error_reply({400, error, 90002,
                             "Tenant '" + request.tenant +
                                 "' not found. Check to make sure you have the correct tenant ID "
                                 "and are signing into the correct cloud.",
                             "", ""},
                            request.correlation_id);
}

const App &app_of(const World &world, const OauthRequest &request)
{
    return *world.config.find_app(request.form.get("client_id"));
}

} // namespace jit::entra
