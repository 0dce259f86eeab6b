#include "tests/unit/cmocka_cpp.h"

#include "lib/net/plain_origin.h"
#include "tests/unit/net/http_fixture.h"

using namespace jit;
using namespace jit::net;
using oidc::HttpReply;
using oidc::HttpRequest;
using Outcome = HttpReply::Outcome;

namespace {

constexpr const char *arc = "http://localhost:40342/";

// A plain server on loopback, at Arc's port or one of its own choice.
class PlainServer
{
  public:
    explicit PlainServer(int port = 0)
    {
        add_handlers(server_);
        server_.Get("/challenge", [](const httplib::Request &request, httplib::Response &response) {
            response.status = 401;
            response.headers.emplace("WWW-Authenticate", request.has_param("long")
                                                             ? std::string(3000, 'x')
                                                             : "Basic realm=/a/b.key ");
            response.set_content(request.get_header_value("Metadata") + "|" +
                                     request.get_header_value("Authorization"),
                                 "a/b");
        });
        port_ = port == 0                                 ? server_.bind_to_any_port("127.0.0.1")
                : server_.bind_to_port("127.0.0.1", port) ? port
                                                          : 0;
        if (port_ > 0)
            thread_ = std::thread{[this] { server_.listen_after_bind(); }};
        while (port_ > 0 && !server_.is_running()) // else stop() would be in vain
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    ~PlainServer()
    {
        server_.stop();
        if (thread_.joinable())
            thread_.join();
    }
    PlainServer(const PlainServer &) = delete;
    PlainServer &operator=(const PlainServer &) = delete;

    int port() const { return port_; }

  private:
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

std::unique_ptr<PlainServer> agent;

HttpOptions options_with(const std::string &proxy)
{
    HttpOptions options;
    options.ca_pem = "none";
    options.proxy = proxy;
    return options;
}

void two_origins_are_plain_and_nothing_that_looks_like_them(void **)
{
    for (const char *url : {"http://169.254.169.254/metadata/identity/oauth2/token?a=b",
                            "http://localhost:40342/", arc})
        assert_true(is_plain_origin(url));
    for (const char *url :
         {"", "http://169.254.169.254", "http://169.254.169.254:80/", "http://169.254.169.254@a/",
          "http://169.254.169.2545/", "http://169.254.169.254.example.org/", "http://localhost/",
          "http://localhost:40342", "http://localhost:403420/", "http://localhost:40342@evil/",
          "http://localhost:40342.evil/", "http://127.0.0.1:40342/", "http://[::1]:40342/",
          "http://user@localhost:40342/", "HTTP://LOCALHOST:40342/", "https://localhost:40342/",
          " http://localhost:40342/", "http:///localhost:40342/"})
        assert_false(is_plain_origin(url));
}

void arcs_agent_is_asked_without_tls_and_without_the_proxy(void **)
{
    Fixture fixture{options_with("http://127.0.0.1:1")};
    HttpRequest request;
    request.url = std::string{arc} + "challenge";
    request.basic = SecretString{"dGV4dA=="};
    request.headers = {"Metadata: true"};
    const HttpReply reply = fixture.exchange(std::move(request));
    assert_outcome(reply, Outcome::received);
    assert_int_equal(reply.status, 401);
    assert_text(reply.www_authenticate, "Basic realm=/a/b.key");
    assert_text(reply.body.reveal(), "true|Basic dGV4dA==");
    // The environment's does not count either.
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_outcome(fixture.get(std::string{arc} + "echo"), Outcome::received);
    unsetenv("http_proxy");
}

void a_challenge_is_cut_at_512_bytes_and_belongs_to_its_reply(void **)
{
    Fixture fixture{options_with("")};
    const HttpReply reply = fixture.get(std::string{arc} + "challenge?long=1");
    assert_int_equal(reply.www_authenticate.size(), 512);
    assert_text(fixture.get(std::string{arc} + "echo").www_authenticate, "");
}

void another_port_is_not_asked_in_plain(void **)
{
    const PlainServer other;
    assert_true(other.port() > 0);
    Fixture fixture{options_with("")};
    for (const char *host : {"localhost:", "127.0.0.1:", "user@localhost:"})
        assert_outcome(
            fixture.get("http://" + std::string{host} + std::to_string(other.port()) + "/echo"),
            Outcome::unreachable);
    for (const char *url : {"http://127.0.0.1:40342/echo", "HTTP://localhost:40342/echo"})
        assert_outcome(fixture.get(url), Outcome::unreachable);
}

void a_redirect_out_of_the_host_is_not_followed(void **)
{
    Fixture fixture{options_with("")};
    const HttpReply reply = fixture.get(std::string{arc} + "redirect");
    assert_outcome(reply, Outcome::received);
    assert_int_equal(reply.status, 302);
    assert_int_equal(redirected.load(), 0);
}

void a_header_that_is_none_keeps_the_request_here(void **)
{
    Fixture fixture{options_with("")};
    const auto send = [&](std::vector<std::string> headers) {
        HttpRequest request;
        request.url = std::string{arc} + "echo";
        request.headers = std::move(headers);
        return fixture.exchange(std::move(request));
    };
    assert_outcome(send({"X-One: 1", "x-two-2: a b=c; d"}), Outcome::received);
    for (const char *line :
         {"", "X", "X:1", ": 1", "X: ", "X Y: 1", "X\t: 1", "X: 1\r\nCookie: a", "X: 1\nY: 2",
          "X: \xc3\xa4", "Host: evil", "authorization: Basic eA==", "Content-Length: 7",
          "Transfer-Encoding: chunked", "Cookie: a=b", "Connection: close"})
        assert_outcome(send({"X-One: 1", line}), Outcome::unreachable);
    assert_outcome(send({"X: " + std::string(1100, 'x')}), Outcome::unreachable);
}

void credentials_hold_no_second_header(void **)
{
    Fixture fixture{options_with("")};
    for (const char *text : {"a b", "a\r\nHost: evil", "a\n", "\x7f"}) {
        HttpRequest request;
        request.url = std::string{arc} + "echo";
        request.basic = SecretString{text};
        assert_outcome(fixture.exchange(std::move(request)), Outcome::unreachable);
    }
}

int start(void **)
{
    agent = std::make_unique<PlainServer>(40342);
    if (agent->port() > 0)
        return 0;
    print_error("port 40342 of this host is taken\n");
    return -1;
}

int stop(void **)
{
    hanging = false;
    agent.reset();
    return 0;
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(two_origins_are_plain_and_nothing_that_looks_like_them),
        cmocka_unit_test(arcs_agent_is_asked_without_tls_and_without_the_proxy),
        cmocka_unit_test(a_challenge_is_cut_at_512_bytes_and_belongs_to_its_reply),
        cmocka_unit_test(another_port_is_not_asked_in_plain),
        cmocka_unit_test(a_redirect_out_of_the_host_is_not_followed),
        cmocka_unit_test(a_header_that_is_none_keeps_the_request_here),
        cmocka_unit_test(credentials_hold_no_second_header),
    };
    return cmocka_run_group_tests_name("net/plain_http", tests, start, stop);
}
