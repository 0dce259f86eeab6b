// The paths that the test server answers, and a client on a loop. After cmocka_cpp.h.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/clock.h"
#include "lib/net/http.h"
#include "lib/sys/event.h"
#include "tests/unit/net/test_server.h"

namespace jit::net {

inline std::unique_ptr<Certificates> certificates;
inline std::unique_ptr<TestServer> server;
inline std::atomic<bool> hanging{true};
inline std::atomic<int> redirected{0};

inline void add_handlers(httplib::Server &on)
{
    using httplib::Request;
    using httplib::Response;
    on.Get("/echo", [](const Request &request, Response &response) {
        std::string told;
        for (const char *name : {"Accept", "Accept-Encoding", "User-Agent", "client-request-id",
                                 "return-client-request-id", "Cookie", "Authorization"})
            told += std::string{name} + "=" + request.get_header_value(name) + ";";
        if (request.has_header("X-Jit-Signature"))
            told += request.get_header_value("X-Jit-Signature");
        response.set_header("Set-Cookie", "stsservicecookie=1; path=/");
        response.set_content(told, "application/json");
    });
    on.Post("/post", [](const Request &request, Response &response) {
        response.status = 400;
        response.headers.emplace("Retry-After",
                                 " 7 "); // set_header of later versions leaves it out
        response.set_content(request.get_header_value("Content-Type") + "|" + request.body,
                             "application/json");
    });
    on.Get("/redirect",
           [](const Request &, Response &response) { response.set_redirect("/target", 302); });
    on.Get("/target", [](const Request &, Response &) { ++redirected; });
    on.Get("/size", [](const Request &request, Response &response) {
        response.set_content(std::string(std::stoul(request.get_param_value("n")), 'x'), "a/b");
    });
    on.Get("/endless", [](const Request &, Response &response) {
        response.set_chunked_content_provider("a/b", [](std::size_t, httplib::DataSink &sink) {
            const std::string block(16 * 1024, 'x');
            return sink.write(block.data(), block.size());
        });
    });
    on.Get("/gzip", [](const Request &, Response &response) {
        response.set_header("Content-Encoding", "gzip");
        response.set_content(std::string{"\x1f\x8b is not unpacked"}, "a/b");
    });
    on.Get("/retry", [](const Request &, Response &response) {
        response.status = 429;
        response.set_header("Retry-After", std::string(200, '9'));
    });
    on.Get("/headers", [](const Request &, Response &response) {
        for (int i = 0; i < 40; ++i)
            response.set_header("X-" + std::to_string(i), std::string(2000, 'x'));
    });
    on.Get("/cut", [](const Request &, Response &response) {
        response.set_content_provider(1000, "a/b",
                                      [](std::size_t, std::size_t, httplib::DataSink &) {
                                          return false; // the connection ends before the body does
                                      });
    });
    on.Get("/hang", [](const Request &, Response &) {
        while (hanging)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
    });
}

// One client on one loop.
struct Fixture {
    sys::Loop loop;
    std::unique_ptr<HttpClient> client;

    explicit Fixture(HttpOptions options = {})
    {
        if (options.ca_pem.empty())
            options.ca_pem = certificates->text("ca");
        loop = *sys::make_loop();
        client = *HttpClient::make(loop.get(), std::move(options));
    }
    void run_for(std::chrono::milliseconds time)
    {
        const BootTime end = boot_time() + time;
        while (boot_time() < end)
            sd_event_run(loop.get(), 10'000);
    }
    oidc::HttpReply exchange(oidc::HttpRequest request)
    {
        std::optional<oidc::HttpReply> got;
        client->send(std::move(request), [&](oidc::HttpReply reply) { got = std::move(reply); });
        const BootTime end = boot_time() + std::chrono::seconds{20};
        while (!got && boot_time() < end)
            sd_event_run(loop.get(), 100'000);
        assert_true(got.has_value());
        return *std::move(got);
    }
    oidc::HttpReply get(const std::string &url)
    {
        oidc::HttpRequest request;
        request.url = url;
        return exchange(std::move(request));
    }
};

inline void assert_outcome(const oidc::HttpReply &reply, oidc::HttpReply::Outcome outcome)
{
    assert_int_equal(static_cast<int>(reply.outcome), static_cast<int>(outcome));
    assert_true(outcome == oidc::HttpReply::Outcome::received || reply.body.empty());
    assert_true(outcome == oidc::HttpReply::Outcome::received ||
                outcome == oidc::HttpReply::Outcome::too_large || reply.status == 0);
}

inline void assert_distrust(const oidc::HttpReply &reply, oidc::HttpReply::Distrust distrust)
{
    assert_outcome(reply, oidc::HttpReply::Outcome::not_trusted);
    assert_int_equal(static_cast<int>(reply.distrust), static_cast<int>(distrust));
}

} // namespace jit::net
