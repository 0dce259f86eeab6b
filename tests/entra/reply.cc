#include "tests/entra/reply.h"

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/entra/random.h"

namespace jit::entra {

namespace {

// Clients must ignore members that they do not know, whatever those are called.
void add_noise(const Json &object)
{
    const std::string name = "x_" + random_guid().substr(0, 8);
    switch (random_below(3)) {
    case 0:
        put(object, name.c_str(), random_guid());
        break;
    case 1:
        put(object, name.c_str(), static_cast<long>(random_below(100000)));
        break;
    default:
        put(object, name.c_str(), parse_json(R"({"nested":[1,"two",null]})"));
    }
}

} // namespace

std::string_view text_of_aadsts(int number)
{
    switch (number) {
    case 50027:
        return "JWT token is invalid or malformed.";
    case 50059:
        return "No tenant-identifying information found in either the request or implied by any "
               "provided credentials.";
    case 50076:
        return "Due to a configuration change made by your administrator, or because you moved to "
               "a new location, you must use multi-factor authentication to access the resource.";
    case 50079:
        return "Due to a configuration change made by your administrator, or because you moved to "
               "a new location, you must enroll in multi-factor authentication to access the "
               "resource.";
    case 500011:
        return "The resource principal was not found in the tenant.";
    case 50105:
        return "Your administrator has configured the application to block users unless they are "
               "specifically granted access to the application.";
    case 53003:
        return "Access has been blocked by Conditional Access policies. The access policy does not "
               "allow token issuance.";
    case 54005:
        return "OAuth2 Authorization code was already redeemed, please retry with a new valid code "
               "or use an existing refresh token.";
    case 65001:
        return "The user or administrator has not consented to use the application. Send an "
               "interactive authorization request for this user and resource.";
    case 70000:
        return "Provided grant is invalid or malformed.";
    case 70003:
        return "The app requested an unsupported grant type.";
    case 70011:
        return "The provided value for the input parameter 'scope' is not valid.";
    case 70016:
        return "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
    case 70018:
        return "The verification code is not valid.";
    case 70020:
        return "The provided value for the input parameter 'device_code' is not valid. This device "
               "code has expired.";
    case 700016:
        return "Application was not found in the directory. You may have sent your authentication "
               "request to the wrong tenant.";
    case 700022:
        return "Provided value for the input parameter scope is not valid because it contains more "
               "than one resource.";
    case 700025:
        return "Client is public so neither 'client_assertion' nor 'client_secret' should be "
               "presented.";
    case 7000112:
        return "Application is disabled.";
    case 7000215:
        return "Invalid client secret provided.";
    case 7000222:
        return "The provided client secret keys for app are expired.";
    case 1002012:
        return "The provided value for scope is not valid. Client credential flows must have a "
               "scope value with /.default suffixed to the resource identifier.";
    case 7000218:
        return "The request body must contain the following parameter: 'client_assertion' or "
               "'client_secret'.";
    case 90014:
        return "The required field is missing from the credential.";
    case 90055:
        return "The server terminated the operation because it encountered too many requests.";
    default:
        return "";
    }
}

Reply make_json_reply(int status, const Json &object)
{
    add_noise(object);
    Reply reply;
    reply.status = status;
    reply.body = dump_json(object.get());
    reply.headers.emplace_back("Cache-Control", "no-store, no-cache");
    reply.headers.emplace_back("Pragma", "no-cache");
    return reply;
}

Reply make_error_reply(const OauthError &error, const std::string &correlation_id)
{
    std::string timestamp = format_time(wall_time());
    timestamp[timestamp.find('T')] = ' ';
    const std::string trace = random_guid();
    const std::string correlation = correlation_id.empty() ? random_guid() : correlation_id;
    const std::string number = std::to_string(error.aadsts);
    const std::string text =
        error.text.empty() ? std::string{text_of_aadsts(error.aadsts)} : error.text;

    const Json body{json_object()};
    put(body, "error", error.error);
    put(body, "error_description",
        (error.aadsts == 0 ? "" : "AADSTS" + number + ": ") + text + " Trace ID: " + trace +
            " Correlation ID: " + correlation + " Timestamp: " + timestamp);
    if (error.aadsts != 0) {
        Json numbers{json_array()};
        json_array_append_new(numbers.get(), json_integer(error.aadsts));
        put(body, "error_codes", std::move(numbers));
        put(body, "error_uri", "https://login.microsoftonline.com/error?code=" + number);
    }
    put(body, "timestamp", timestamp);
    put(body, "trace_id", trace);
    put(body, "correlation_id", correlation);
    if (!error.suberror.empty())
        put(body, "suberror", error.suberror);
    if (!error.claims.empty())
        put(body, "claims", error.claims);
    return make_json_reply(error.status, body);
}

} // namespace jit::entra
