// What jitd says to the module, as it stands on the wire.
#pragma once

#include <string>

namespace jit::pam::test {

inline const std::string nul(1, '\0');

inline std::string frame(const std::string &parameters, const std::string &more = {})
{
    return "{\"parameters\":{" + parameters + "}" + more + "}" + nul;
}

inline std::string error_frame(const std::string &name, const std::string &parameters)
{
    return R"({"error":")" + name + R"(","parameters":{)" + parameters + "}}" + nul;
}

inline const std::string go_on = R"(,"continues":true)";
inline const std::string id = R"("id":"0123456789abcdef","role":"web")";

// Answers to Check.
inline const std::string live =
    frame(R"("verdict":"live","role":"web","grant":"0123456789abcdef")");
inline const std::string confined =
    frame(R"("verdict":"live","role":"web","grant":"0123456789abcdef","confine":true)");
inline const std::string carried =
    frame(R"("verdict":"live","role":"web","grant":"0123456789abcdef","carry":[990,991])");
inline const std::string want = frame(R"("verdict":"request","role":"web")");
inline const std::string choice = frame(R"("verdict":"choose","roles":["web","dba"])");
inline const std::string refused = frame(R"("verdict":"denied","message":"not a requester")");
inline const std::string not_gated = frame(R"("verdict":"ignore")");
inline const std::string misconfigured =
    error_frame("io.jitd.Elevation.Misconfigured", R"("message":"jitd.toml: line 3")");

// Answers to Request.
inline const std::string pending =
    frame(R"("state":"pending",)" + id + R"(,"host":"web01","duration":1800)", go_on);
inline const std::string code =
    frame(R"("state":"code",)" + id +
              R"(,"host":"web01","duration":1800,"expires":900,)"
              R"("uri":"https://microsoft.com/devicelogin","code":"K7QF2MZ9R")",
          go_on);
inline std::string approval(const std::string &message, const std::string &more = go_on)
{
    return frame(R"("state":"approval",)" + id + R"(,"expires":3600,"message":")" + message + "\"",
                 more);
}
inline const std::string granted =
    frame(R"("state":"granted",)" + id + R"(,"until":"2026-03-17T14:05:00Z")");
inline const std::string declined =
    frame(R"("state":"denied",)" + id + R"(,"cause":"declined","message":"declined")");

inline const std::string reason_wanted =
    error_frame("io.jitd.Elevation.ReasonWanted", R"("message":"a ticket, then why")");

} // namespace jit::pam::test
