#include "tests/unit/cmocka_cpp.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/base/fd.h"
#include "lib/net/room.h"
#include "lib/net/transfer.h"
#include "tests/unit/net/http_fixture.h"

using namespace jit;
using namespace jit::net;
using oidc::HttpReply;
using oidc::HttpRequest;
using Outcome = HttpReply::Outcome;
using Distrust = HttpReply::Distrust;
using std::chrono::seconds;

namespace {

constexpr const char *request_id = "0b9e0000-0000-4000-8000-00000000000a";

// A socket that listens on loopback, and its port.
struct Listener {
    Fd fd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::string url;

    Listener()
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        assert_int_equal(bind(fd.get(), generic, size), 0);
        assert_int_equal(listen(fd.get(), 16), 0);
        assert_int_equal(getsockname(fd.get(), generic, &size), 0);
        url = "https://localhost:" + std::to_string(ntohs(address.sin_port)) + "/";
    }
};

void a_get_comes_back_whole(void **)
{
    Fixture fixture;
    HttpRequest request;
    request.url = server->url("/echo");
    request.client_request_id = request_id;
    const HttpReply reply = fixture.exchange(std::move(request));
    assert_outcome(reply, Outcome::received);
    assert_int_equal(reply.status, 200);
    assert_text(reply.retry_after, "");
    assert_text(reply.body.reveal(),
                std::string{"Accept=application/json;Accept-Encoding=;User-Agent=jit/" JIT_VERSION
                            ";client-request-id="} +
                    request_id + ";return-client-request-id=true;Cookie=;Authorization=;");
}

void a_post_sends_the_form_and_keeps_retry_after(void **)
{
    Fixture fixture;
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = server->url("/post");
    request.form = SecretString{"a=b&c=%20"};
    const HttpReply reply = fixture.exchange(std::move(request));
    assert_outcome(reply, Outcome::received);
    assert_int_equal(reply.status, 400);
    assert_text(reply.retry_after, "7");
    assert_text(reply.body.reveal(), "application/x-www-form-urlencoded|a=b&c=%20");
    // The next request through the same handle is a GET again, with no form and no cookie.
    assert_outcome(fixture.get(server->url("/echo")), Outcome::received);
    const HttpReply again = fixture.get(server->url("/echo"));
    assert_non_null(std::strstr(std::string{again.body.reveal()}.c_str(), "Cookie=;"));
}

void a_signature_is_sent_and_nothing_else_comes_in_with_it(void **)
{
    Fixture fixture;
    const auto echo = [&](const char *signature) {
        HttpRequest request;
        request.url = server->url("/echo");
        request.headers = {std::string{"X-Jit-Signature: "} + signature};
        return fixture.exchange(std::move(request));
    };
    const HttpReply signed_reply = echo("t=1,v1=ab");
    assert_outcome(signed_reply, Outcome::received);
    assert_true(signed_reply.body.reveal().ends_with(";t=1,v1=ab"));
    assert_outcome(echo("t=1\r\nX-Other: 1"), Outcome::unreachable);
}

void an_id_that_is_no_guid_reaches_no_header(void **)
{
    Fixture fixture;
    HttpRequest request;
    request.url = server->url("/echo");
    request.client_request_id = "x\r\nCookie: a=b";
    const HttpReply reply = fixture.exchange(std::move(request));
    const std::string body{reply.body.reveal()};
    assert_non_null(std::strstr(body.c_str(), "client-request-id=;"));
    assert_non_null(std::strstr(body.c_str(), "Cookie=;"));
}

void an_unknown_authority_is_not_trusted(void **)
{
    TestServer foreign{*certificates, "foreign", add_handlers};
    Fixture fixture;
    assert_distrust(fixture.get(foreign.url("/echo")), Distrust::authority);
    // Nor is ours where another authority is configured: the system's roots do not count.
    HttpOptions options;
    options.ca_pem = certificates->text("other");
    Fixture other{options};
    assert_distrust(other.get(server->url("/echo")), Distrust::authority);
}

void a_wrong_name_is_not_trusted(void **)
{
    Fixture fixture;
    assert_distrust(fixture.get(server->url("/echo", "127.0.0.1")), Distrust::name);
}

void an_expired_certificate_is_not_trusted(void **)
{
    TestServer expired{*certificates, "expired", add_handlers};
    Fixture fixture;
    assert_distrust(fixture.get(expired.url("/echo")), Distrust::dates);
}

void tls_1_1_is_not_trusted_and_1_2_is(void **)
{
    Fixture fixture;
    TestServer old{*certificates, "good", add_handlers, TLS1_1_VERSION};
    assert_distrust(fixture.get(old.url("/echo")), Distrust::version);
    TestServer enough{*certificates, "good", add_handlers, TLS1_2_VERSION};
    assert_outcome(fixture.get(enough.url("/echo")), Outcome::received);
}

void a_refused_port_is_unreachable(void **)
{
    std::string url;
    {
        const Listener listener;
        url = listener.url;
    }
    Fixture fixture;
    assert_outcome(fixture.get(url), Outcome::unreachable);
    assert_outcome(fixture.get("https://name.invalid/"), Outcome::unreachable);
}

void a_connection_reset_in_the_handshake_is_unreachable(void **)
{
    const Listener listener;
    std::thread resetting{[&] {
        const Fd client{accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        char byte = 0;
        (void)recv(client.get(), &byte, 1, 0);
        const linger now{1, 0};
        setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }};
    Fixture fixture;
    const HttpReply reply = fixture.get(listener.url);
    resetting.join();
    assert_outcome(reply, Outcome::unreachable);
}

void no_other_scheme_is_spoken(void **)
{
    Fixture fixture;
    for (const char *url : {"http://localhost/", "file:///etc/passwd", "ftp://localhost/",
                            "localhost", "", "https://", "gopher://localhost/"})
        assert_outcome(fixture.get(url), Outcome::unreachable);
}

void a_hang_times_out(void **)
{
    HttpOptions options;
    options.timeout = seconds{1};
    Fixture fixture{options};
    const BootTime start = boot_time();
    const Listener silent; // the kernel accepts, nobody speaks TLS
    assert_outcome(fixture.get(silent.url), Outcome::timed_out);
    assert_outcome(fixture.get(server->url("/hang")), Outcome::timed_out);
    assert_true(boot_time() - start < seconds{4});
}

void a_body_is_cut_above_one_mebibyte(void **)
{
    Fixture fixture;
    const HttpReply whole = fixture.get(server->url("/size?n=1048576"));
    assert_outcome(whole, Outcome::received);
    assert_int_equal(whole.body.reveal().size(), 1024 * 1024);
    assert_outcome(fixture.get(server->url("/size?n=1048577")), Outcome::too_large);
    const HttpReply endless = fixture.get(server->url("/endless"));
    assert_outcome(endless, Outcome::too_large);
    assert_int_equal(endless.status, 200); // its head came
    assert_outcome(fixture.get(server->url("/headers")), Outcome::too_large);
    assert_outcome(fixture.get(server->url("/echo")), Outcome::received);
}

void a_body_that_ends_early_is_unreachable(void **)
{
    Fixture fixture;
    assert_outcome(fixture.get(server->url("/cut")), Outcome::unreachable);
}

void a_redirect_is_not_followed(void **)
{
    Fixture fixture;
    const HttpReply reply = fixture.get(server->url("/redirect"));
    assert_outcome(reply, Outcome::received);
    assert_int_equal(reply.status, 302);
    assert_int_equal(redirected.load(), 0);
}

void nothing_is_unpacked(void **)
{
    Fixture fixture;
    assert_text(fixture.get(server->url("/gzip")).body.reveal(), "\x1f\x8b is not unpacked");
}

void retry_after_is_cut_at_64_bytes(void **)
{
    Fixture fixture;
    const HttpReply reply = fixture.get(server->url("/retry"));
    assert_int_equal(reply.status, 429);
    assert_int_equal(reply.retry_after.size(), 64);
}

void the_environment_is_not_asked_for_a_proxy(void **)
{
    for (const char *name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY"})
        setenv(name, "http://127.0.0.1:1", 1);
    setenv("no_proxy", "*", 1);
    Fixture direct;
    assert_outcome(direct.get(server->url("/echo")), Outcome::received);
    HttpOptions options;
    options.proxy = "http://127.0.0.1:1";
    Fixture proxied{options};
    assert_outcome(proxied.get(server->url("/echo")), Outcome::unreachable);
    for (const char *name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"})
        unsetenv(name);
}

void a_cancelled_transfer_is_never_called_back(void **)
{
    Fixture fixture;
    int called = 0;
    const auto send = [&](const std::string &url) {
        HttpRequest request;
        request.url = url;
        return fixture.client->send(std::move(request), [&](HttpReply) { ++called; });
    };
    const auto early = send(server->url("/echo"));
    assert_true(early != 0);
    fixture.client->cancel(early);
    fixture.client->cancel(early);
    fixture.client->cancel(4711);
    const auto late = send(server->url("/hang"));
    assert_true(late != early);
    fixture.run_for(std::chrono::milliseconds{100});
    fixture.client->cancel(late);
    fixture.run_for(std::chrono::milliseconds{100});
    assert_int_equal(called, 0);
}

void a_reply_may_send_and_cancel(void **)
{
    Fixture fixture;
    int called = 0;
    HttpClient::Transfer victim = 0;
    const auto get = [](const std::string &path) {
        HttpRequest request;
        request.url = server->url(path);
        return request;
    };
    fixture.client->send(get("/echo"), [&](HttpReply) {
        ++called;
        fixture.client->cancel(victim);
        fixture.client->send(get("/echo"), [&](HttpReply) { ++called; });
    });
    victim = fixture.client->send(get("/hang"), [&](HttpReply) { called += 100; });
    fixture.run_for(std::chrono::milliseconds{300});
    assert_int_equal(called, 2);
}

HttpRequest request_to(const std::string &url)
{
    HttpRequest request;
    request.url = url;
    return request;
}

void a_crowd_is_answered_over_few_connections(void **)
{
    HttpOptions options;
    options.timeout = seconds{60}; // whatever else the machine does
    Fixture fixture{options};
    int answered = 0;
    int other = 0;
    for (int i = 0; i < 600; ++i)
        fixture.client->send(request_to(server->url("/echo")), [&](HttpReply reply) {
            ++(reply.outcome == Outcome::received ? answered : other);
        });
    assert_int_equal(answered, 0); // never from within send()
    for (int i = 0; i < 600 && answered + other < 600; ++i)
        fixture.run_for(std::chrono::milliseconds{100});
    assert_int_equal(answered, 600);
    assert_int_equal(other, 0);
}

void who_waits_for_his_turn_too_long_is_told(void **)
{
    const Listener silent;
    HttpOptions options;
    options.timeout = seconds{1};
    Fixture fixture{options};
    int timed_out = 0;
    int other = 0;
    for (int i = 0; i < 100; ++i)
        fixture.client->send(request_to(silent.url), [&](HttpReply reply) {
            ++(reply.outcome == Outcome::timed_out ? timed_out : other);
        });
    fixture.run_for(std::chrono::milliseconds{700});
    assert_int_equal(timed_out, 0);
    for (int i = 0; i < 40 && timed_out < 100; ++i)
        fixture.run_for(std::chrono::milliseconds{100});
    assert_int_equal(timed_out, 100);
    assert_int_equal(other, 0);
}

void one_that_waits_for_its_turn_can_be_cancelled(void **)
{
    const Listener silent;
    Fixture fixture;
    int called = 0;
    std::vector<HttpClient::Transfer> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(fixture.client->send(request_to(silent.url), [&](HttpReply) { ++called; }));
    fixture.run_for(std::chrono::milliseconds{20});
    // From the back: else each would make room for the next.
    for (auto one = all.rbegin(); one != all.rend(); ++one)
        fixture.client->cancel(*one);
    fixture.client->send(request_to(server->url("/echo")), [&](HttpReply reply) {
        assert_outcome(reply, Outcome::received);
        called += 1000;
    });
    fixture.run_for(std::chrono::milliseconds{300});
    for (int i = 0; i < 100 && called == 0; ++i)
        fixture.run_for(std::chrono::milliseconds{100});
    assert_int_equal(called, 1000);
}

void requests_past_the_queue_are_refused(void **)
{
    const Listener silent;
    Fixture fixture;
    int refused = 0;
    int other = 0;
    // Some go at first, 16,384 wait.
    for (std::size_t i = 0; i < Room::least + 16'384 + 2; ++i)
        fixture.client->send(request_to(silent.url), [&](HttpReply reply) {
            ++(reply.outcome == Outcome::unreachable ? refused : other);
        });
    assert_int_equal(refused, 0); // never from within send()
    fixture.run_for(std::chrono::milliseconds{20});
    for (int i = 0; i < 100 && refused < 2; ++i)
        fixture.run_for(std::chrono::milliseconds{20});
    assert_int_equal(refused, 2);
    assert_int_equal(other, 0);
}

void room_is_for_as_few_as_keep_up(void **)
{
    Room room;
    BootTime now{seconds{1000}};
    assert_int_equal(room.size(), Room::least);
    room.widen(32, now);
    assert_int_equal(room.size(), 2 * Room::least);
    for (int i = 0; i < 5; ++i)
        room.widen(20, now);
    assert_int_equal(room.size(), 20);
    room.widen(8, now); // a provider that turns out to speak HTTP/1.1 may have fewer
    assert_int_equal(room.size(), 8);
    // It stays while it was needed lately, and is halved each time it was not.
    assert_false(room.narrow(now + Room::lately - seconds{1}));
    assert_int_equal(room.size(), 8);
    for (std::size_t size = 8; size > Room::least; size /= 2) {
        assert_int_equal(room.size(), size);
        now += Room::lately;
        assert_true(room.narrow(now));
        assert_false(room.narrow(now));
    }
    assert_true(room.narrow(now + Room::lately));
    assert_int_equal(room.size(), Room::least);
}

void authorities_that_are_none_trust_nobody(void **)
{
    HttpOptions options;
    options.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    Fixture fixture{options};
    assert_outcome(fixture.get(server->url("/echo")), Outcome::not_trusted);
}

void a_buffer_takes_a_mebibyte_in_any_pieces(void **)
{
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, std::size_t{1048576}}) {
        ReplyBuffer buffer;
        std::string whole;
        while (whole.size() < ReplyBuffer::max_bytes) {
            const std::size_t size = std::min(piece, ReplyBuffer::max_bytes - whole.size());
            const std::string part(size, static_cast<char>('a' + whole.size() % 26));
            assert_true(buffer.append(part));
            whole += part;
        }
        assert_true(buffer.append({}));
        assert_true(buffer.take() == SecretString{whole});
        assert_true(buffer.take().empty());
        assert_true(buffer.append(whole));
        assert_false(buffer.append("x"));
        assert_true(buffer.take().empty());
    }
}

int start(void **)
{
    certificates = std::make_unique<Certificates>();
    if (!certificates->are_made())
        return -1;
    server = std::make_unique<TestServer>(*certificates, "good", add_handlers);
    return 0;
}

int stop(void **)
{
    hanging = false;
    server.reset();
    certificates.reset();
    return 0;
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_get_comes_back_whole),
        cmocka_unit_test(a_post_sends_the_form_and_keeps_retry_after),
        cmocka_unit_test(a_signature_is_sent_and_nothing_else_comes_in_with_it),
        cmocka_unit_test(an_id_that_is_no_guid_reaches_no_header),
        cmocka_unit_test(an_unknown_authority_is_not_trusted),
        cmocka_unit_test(a_wrong_name_is_not_trusted),
        cmocka_unit_test(an_expired_certificate_is_not_trusted),
        cmocka_unit_test(tls_1_1_is_not_trusted_and_1_2_is),
        cmocka_unit_test(a_refused_port_is_unreachable),
        cmocka_unit_test(a_connection_reset_in_the_handshake_is_unreachable),
        cmocka_unit_test(no_other_scheme_is_spoken),
        cmocka_unit_test(a_hang_times_out),
        cmocka_unit_test(a_body_is_cut_above_one_mebibyte),
        cmocka_unit_test(a_body_that_ends_early_is_unreachable),
        cmocka_unit_test(a_redirect_is_not_followed),
        cmocka_unit_test(nothing_is_unpacked),
        cmocka_unit_test(retry_after_is_cut_at_64_bytes),
        cmocka_unit_test(the_environment_is_not_asked_for_a_proxy),
        cmocka_unit_test(a_cancelled_transfer_is_never_called_back),
        cmocka_unit_test(a_reply_may_send_and_cancel),
        cmocka_unit_test(a_crowd_is_answered_over_few_connections),
        cmocka_unit_test(who_waits_for_his_turn_too_long_is_told),
        cmocka_unit_test(one_that_waits_for_its_turn_can_be_cancelled),
        cmocka_unit_test(requests_past_the_queue_are_refused),
        cmocka_unit_test(room_is_for_as_few_as_keep_up),
        cmocka_unit_test(authorities_that_are_none_trust_nobody),
        cmocka_unit_test(a_buffer_takes_a_mebibyte_in_any_pieces),
    };
    return cmocka_run_group_tests_name("net/http", tests, start, stop);
}
