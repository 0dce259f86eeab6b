#include "tests/entra/provider.h"

#include <httplib.h>

#include "lib/base/text.h"
#include "tests/entra/client_credentials.h"
#include "tests/entra/graph.h"
#include "tests/entra/graph_access.h"
#include "tests/entra/managed_identity.h"
#include "tests/entra/oauth.h"
#include "tests/entra/pages.h"
#include "tests/entra/pim_graph.h"
#include "tests/entra/random.h"
#include "tests/entra/wire.h"

namespace jit::entra {

namespace {

std::string host_of(const httplib::Request &request)
{
    const std::string host = to_lower(request.get_header_value("Host"));
    return host.substr(0, host.rfind(':'));
}

Reply answer_endpoint(World &world, const std::string &endpoint, const OauthRequest &request,
                      bool told_to_slow_down)
{
    if (endpoint == "discovery")
        return answer_discovery(world, request);
    if (endpoint == "keys")
        return answer_keys(world, request);
    if (endpoint == "devicecode")
        return answer_devicecode(world, request, read_clocks());
    if (endpoint == "host_token")
        return answer_client_credentials(world, request, read_clocks());
    return answer_token(world, request, read_clocks(), told_to_slow_down);
}

void set_microsoft_headers(const std::string &correlation_id, httplib::Response &response)
{
    response.set_header("x-ms-request-id", random_guid());
    response.set_header("x-ms-ests-server", "2.1.26000.1 - WEULR1 ProdSlices");
    response.set_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    response.set_header("X-Content-Type-Options", "nosniff");
    if (!correlation_id.empty())
        response.set_header("client-request-id", correlation_id);
    response.set_header("Set-Cookie", "fpc=" + random_token("A", 24) +
                                          "; path=/; secure; HttpOnly; SameSite=None");
    response.set_header("Set-Cookie", "x-ms-gateway-slice=estsfd; path=/; secure; HttpOnly");
}

void set_graph_headers(const std::string &correlation_id, httplib::Response &response)
{
    const std::string id = random_guid();
    response.set_header("request-id", id);
    response.set_header("client-request-id", correlation_id.empty() ? id : correlation_id);
    response.set_header("x-ms-ags-diagnostic",
                        R"({"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5"}})");
    response.set_header("Strict-Transport-Security", "max-age=31536000");
    response.set_header("OData-Version", "4.0");
}

void answer_oauth(World &world, const std::string &endpoint, const OauthRequest &request,
                  const httplib::Request &http, httplib::Response &response)
{
    bool slow_down = false;
    if (endpoint == "token" &&
        world.flows.note_poll(request.form.get("device_code"), request.form.get("claims"),
                              boot_time()) == Pace::early)
        slow_down = world.slow_down_early;
    answer_with_faults(
        world,
        {endpoint, world.flows.user_code_of(request.form.get("device_code")), "",
         request.correlation_id},
        http, response, [&] { set_microsoft_headers(request.correlation_id, response); },
        [&](const std::optional<Kind> &fault) {
            return answer_endpoint(world, endpoint, request,
                                   slow_down || (fault && fault->name == "slow_down"));
        });
}

void answer_graph_host(World &world, const GraphRequest &request, const httplib::Request &http,
                       httplib::Response &response)
{
    const auto call = find_pim_call(request.method, request.path, request.body);
    const std::string endpoint = call ? call->endpoint : "graph";
    world.counters.count(endpoint);
    answer_with_faults(
        world, {endpoint, "", person_of(world, request.authorization), request.correlation_id},
        http, response, [&] { set_graph_headers(request.correlation_id, response); },
        [&](const std::optional<Kind> &fault) {
            return call ? answer_pim(world, request, *call, read_clocks(), fault)
                        : answer_graph(world, request, read_clocks());
        });
}

// The client's own id, if it is one: it goes back into headers and bodies.
std::string correlation_of(const httplib::Request &request)
{
    std::string id = request.get_header_value("client-request-id");
    if (id.empty())
        id = request.get_param_value("client-request-id"); // Microsoft's library puts it there
    return is_guid(id) ? id : "";
}

bool is_form(const httplib::Request &request)
{
    const std::string type = to_lower(request.get_header_value("Content-Type"));
    return type.substr(0, type.find(';')) == "application/x-www-form-urlencoded";
}

} // namespace

void answer_machine_request(World &world, const std::string &endpoint,
                            const httplib::Request &request, httplib::Response &response)
{
    world.counters.count(endpoint);
    MachineRequest asked{request.method,
                         request.path,
                         {},
                         request.get_header_value("Metadata"),
                         request.get_header_value("Authorization"),
                         request.has_header("X-Forwarded-For")};
    for (const auto &[name, value] : request.params)
        asked.query.fields.emplace(name, value);
    answer_with_faults(
        world, {endpoint, "", "", ""}, request, response, [] {},
        [&](const std::optional<Kind> &fault) {
            return endpoint == "arc" ? answer_arc(world, asked, read_clocks(), fault)
                                     : answer_imds(world, asked, read_clocks());
        });
}

void answer_provider_request(World &world, const httplib::Request &request,
                             httplib::Response &response)
{
    const std::string host = host_of(request);
    const Form form = is_form(request) ? parse_form(request.body) : Form{};

    if (is_code_page(host, request.path) && (request.method == "GET" || request.method == "POST")) {
        world.counters.count("page");
        const bool is_get = request.method == "GET";
        return write_reply(is_get ? show_code_form(request.path, request.get_param_value("otc"))
                                  : answer_page_form(world, request.path, form, read_clocks()),
                           response);
    }
    if (const Cloud *cloud = find_cloud_of_authority(host); cloud != nullptr) {
        OauthRequest oauth{*cloud, request.method, "", form, correlation_of(request)};
        std::string endpoint = find_endpoint(request.path, oauth.tenant);
        if (!endpoint.empty()) {
            const bool is_host =
                endpoint == "token" && form.get("grant_type") == client_credentials_grant;
            if (is_host)
                endpoint = "host_token";
            world.counters.count(endpoint);
            return answer_oauth(world, endpoint, oauth, request, response);
        }
    }
    const std::string skip_token = request.get_param_value("$skiptoken");
    if (is_foreign_page(world, skip_token)) {
        world.counters.count("foreign_next");
        return write_reply(answer_foreign_page(world, skip_token), response);
    }
    if (const Cloud *cloud = find_cloud_of_graph(host); cloud != nullptr) {
        const GraphRequest graph{*cloud,
                                 request.method,
                                 request.path,
                                 skip_token,
                                 request.get_header_value("Authorization"),
                                 request.get_header_value("Content-Type"),
                                 request.body,
                                 correlation_of(request),
                                 request.get_param_value("$filter"),
                                 request.get_param_value("$expand")};
        return answer_graph_host(world, graph, request, response);
    }
    world.counters.count(request.path == "/redirected" ? "redirected" : "other");
    response.status = 404;
    response.set_content("<!DOCTYPE html>\n<title>Not found</title>\n<p>Not found.</p>\n",
                         "text/html; charset=utf-8");
}

} // namespace jit::entra
