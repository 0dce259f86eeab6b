#include "tests/entra/provider.h"

#include <cstdlib>

#include <sys/socket.h>

#include <httplib.h>

#include "lib/base/text.h"
#include "tests/entra/oauth.h"
#include "tests/entra/pages.h"
#include "tests/entra/random.h"
#include "tests/entra/spoil.h"

namespace jit::entra {

namespace {

constexpr std::size_t big_body_bytes = 100U << 20U;

std::string host_of(const httplib::Request &request)
{
    const std::string host = to_lower(request.get_header_value("Host"));
    return host.substr(0, host.rfind(':'));
}

bool is_page_host(const std::string &host)
{
    return host == "login.microsoft.com" || host == "microsoft.com" || host == "www.microsoft.com";
}

void write_reply(const Reply &reply, httplib::Response &response)
{
    response.status = reply.status;
    for (const auto &[name, value] : reply.headers)
        response.set_header(name, value);
    response.set_content(reply.body, reply.type);
}

// Ends the connection before a byte of the reply is sent.
void cut_connection(const httplib::Request &request)
{
    if (request.ssl != nullptr)
        (void)shutdown(SSL_get_fd(request.ssl), SHUT_RDWR);
}

// Says how long the body is, and sends half of it.
void write_half(const Reply &reply, httplib::Response &response)
{
    response.status = reply.status;
    const std::string half = reply.body.substr(0, reply.body.size() / 2);
    response.set_content_provider(reply.body.size(), reply.type,
                                  [half](std::size_t, std::size_t, httplib::DataSink &sink) {
                                      (void)sink.write(half.data(), half.size());
                                      return false;
                                  });
}

std::string big_piece()
{
    return std::string(std::size_t{64} << 10U, ' ');
}

void write_big_body(httplib::Response &response)
{
    response.set_content_provider(
        big_body_bytes, "application/json",
        [piece = big_piece()](std::size_t, std::size_t left, httplib::DataSink &sink) {
            return sink.write(piece.data(), std::min(left, piece.size()));
        });
}

// Compressed by the library for a client that says it accepts that: then a bomb as well.
void write_endless_body(httplib::Response &response)
{
    response.set_chunked_content_provider(
        "application/json", [piece = big_piece()](std::size_t, httplib::DataSink &sink) {
            return sink.write(piece.data(), piece.size());
        });
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
    return answer_token(world, request, read_clocks(), told_to_slow_down);
}

void set_microsoft_headers(const OauthRequest &request, httplib::Response &response)
{
    response.set_header("x-ms-request-id", random_guid());
    response.set_header("x-ms-ests-server", "2.1.26000.1 - WEULR1 ProdSlices");
    response.set_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    response.set_header("X-Content-Type-Options", "nosniff");
    if (!request.correlation_id.empty())
        response.set_header("client-request-id", request.correlation_id);
    response.set_header("Set-Cookie", "fpc=" + random_token("A", 24) +
                                          "; path=/; secure; HttpOnly; SameSite=None");
    response.set_header("Set-Cookie", "x-ms-gateway-slice=estsfd; path=/; secure; HttpOnly");
}

void answer_oauth(World &world, const std::string &endpoint, const OauthRequest &request,
                  const httplib::Request &http, httplib::Response &response)
{
    bool slow_down = false;
    if (endpoint == "token" &&
        world.flows.note_poll(request.form.get("device_code"), boot_time()) == Pace::early)
        slow_down = world.slow_down_early;

    const auto fault = world.faults.take(endpoint);
    const std::string kind = fault ? fault->name : "";
    if (kind == "close")
        return cut_connection(http);
    if (kind == "hang")
        world.faults.hang(std::chrono::seconds{std::strtol(fault->first.c_str(), nullptr, 10)});
    set_microsoft_headers(request, response);
    if (kind == "bigbody")
        return write_big_body(response);
    if (kind == "endless")
        return write_endless_body(response);

    std::optional<Reply> reply;
    if (fault)
        reply = reply_instead(world, request, *fault);
    if (!reply)
        reply = answer_endpoint(world, endpoint, request, slow_down || kind == "slow_down");
    if (fault)
        spoil_reply(*reply, *fault);
    if (kind == "truncated")
        return write_half(*reply, response);
    write_reply(*reply, response);
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

void answer_provider_request(World &world, const httplib::Request &request,
                             httplib::Response &response)
{
    const std::string host = host_of(request);
    const Form form = is_form(request) ? parse_form(request.body) : Form{};

    if (is_page_host(host) && (request.path == "/device" || request.path == "/devicelogin") &&
        (request.method == "GET" || request.method == "POST")) {
        world.counters.count("page");
        const bool is_get = request.method == "GET";
        return write_reply(is_get ? show_code_form(request.path, request.get_param_value("otc"))
                                  : answer_page_form(world, request.path, form, read_clocks()),
                           response);
    }
    if (host == "login.microsoftonline.com") {
        OauthRequest oauth{request.method, "", form, correlation_of(request)};
        const std::string endpoint = find_endpoint(request.path, oauth.tenant);
        if (!endpoint.empty()) {
            world.counters.count(endpoint);
            return answer_oauth(world, endpoint, oauth, request, response);
        }
    }
    world.counters.count(request.path == "/redirected"   ? "redirected"
                         : host == "graph.microsoft.com" ? "graph"
                                                         : "other");
    if (host == "graph.microsoft.com") {
        response.status = 401;
        response.set_content(R"({"error":{"code":"InvalidAuthenticationToken",)"
                             R"("message":"Access token is empty."}})",
                             "application/json");
        return;
    }
    response.status = 404;
    response.set_content("<!DOCTYPE html>\n<title>Not found</title>\n<p>Not found.</p>\n",
                         "text/html; charset=utf-8");
}

} // namespace jit::entra
