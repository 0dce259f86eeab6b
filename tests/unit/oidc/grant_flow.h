// A device grant driven by scripted replies and times. After cmocka_cpp.h.
#pragma once

#include <string>

#include "lib/oidc/device_grant.h"
#include "tests/unit/oidc/flow.h"

namespace jit::oidc {

inline constexpr const char *request_id = "0b9e0000-0000-4000-8000-00000000000a";
inline constexpr BootTime began{std::chrono::seconds{1000}};

inline constexpr const char *code_reply =
    R"({"user_code":"K7QF2MZ9R","device_code":"secret&code=1","verification_uri":)"
    R"("https://login.microsoft.com/device","expires_in":900,"interval":5,"message":"go there"})";
inline constexpr const char *pending =
    R"({"error":"authorization_pending","error_description":"AADSTS70016: wait",)"
    R"("error_codes":[70016],"correlation_id":"11111111-2222-4333-8444-555555555555"})";
inline constexpr const char *slow_down = R"({"error":"slow_down"})";
inline constexpr const char *success =
    R"({"token_type":"Bearer","scope":"openid","expires_in":3599,"access_token":"at",)"
    R"("refresh_token":"rt","id_token":"a.b.c","ext_expires_in":1,"unknown":[{}]})";

inline std::string code_with(std::string_view member, std::string_view value)
{
    std::string made = R"({"user_code":"K7QF2MZ9R","device_code":"d")";
    const auto add = [&](std::string_view name, std::string_view otherwise) {
        const std::string_view chosen = name == member ? value : otherwise;
        if (!chosen.empty())
            made += ",\"" + std::string{name} + "\":" + std::string{chosen};
    };
    add("verification_uri", "\"https://microsoft.com/devicelogin\"");
    add("expires_in", "900");
    add("interval", "5");
    return made + "}";
}

inline std::string error_of(std::string_view error, std::string_view rest = {})
{
    return R"({"error":")" + std::string{error} + "\"" + std::string{rest} + "}";
}

// One grant and the time it is told.
struct Flow {
    DeviceGrant grant;
    BootTime now = began;

    //   jitter  its seed; none, so that pauses are whole seconds
    explicit Flow(std::chrono::seconds deadline = std::chrono::seconds{600},
                  std::shared_ptr<const Party> party = entra_party(), std::string claims = {},
                  std::string_view jitter = {})
        : grant(std::move(party), request_id, std::move(claims), began + deadline, Jitter{jitter})
    {
    }
    // To the first poll on the wire.
    ShowCode show(std::string_view reply = code_reply)
    {
        assert_true(std::holds_alternative<SendRequest>(grant.start()));
        Step step = grant.on_reply(reply_of(200, reply), now);
        assert_true(std::holds_alternative<ShowCode>(step));
        return std::get<ShowCode>(step);
    }
    void advance(BootTime to)
    {
        assert_true(to >= now);
        now = to;
    }
    void poll_at(BootTime at)
    {
        advance(at);
        assert_true(std::holds_alternative<SendRequest>(grant.on_time(now)));
    }
    // The pause before the next poll, in seconds.
    long pause_after(const HttpReply &reply)
    {
        const Step step = grant.on_reply(reply, now);
        assert_true(std::holds_alternative<WaitUntil>(step));
        const BootTime at = std::get<WaitUntil>(step).at;
        const long pause = std::chrono::duration_cast<std::chrono::seconds>(at - now).count();
        now = at;
        return pause;
    }
    Finished end_after(const HttpReply &reply)
    {
        Step step = grant.on_reply(reply, now);
        assert_true(std::holds_alternative<Finished>(step));
        return std::get<Finished>(std::move(step));
    }
    Finished end_by_time()
    {
        Step step = grant.on_time(now);
        assert_true(std::holds_alternative<Finished>(step));
        return std::get<Finished>(std::move(step));
    }
};

inline Flow polling(std::chrono::seconds deadline = std::chrono::seconds{600})
{
    Flow flow{deadline};
    flow.poll_at(flow.show().poll_at);
    return flow;
}

inline void assert_failure(const Finished &done, Failure failure)
{
    assert_int_equal(static_cast<int>(done.failure), static_cast<int>(failure));
    assert_true(done.id_token.empty());
    assert_false(done.advice.empty());
    assert_false(done.correlation_id.empty());
}

inline Finished authorize_with(const HttpReply &reply)
{
    Flow flow;
    assert_true(std::holds_alternative<SendRequest>(flow.grant.start()));
    return flow.end_after(reply);
}

} // namespace jit::oidc
