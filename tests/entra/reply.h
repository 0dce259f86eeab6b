// A reply before it goes on the wire, and the body of an OAuth error.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/entra/json.h"

namespace jit::entra {

struct Reply {
    int status = 200;
    std::string body;
    std::string type = "application/json; charset=utf-8";
    std::vector<std::pair<std::string, std::string>> headers;
};

struct OauthError {
    int status = 400;
    std::string error;
    int aadsts = 0; // 0: none is known, and no member that would hold it is sent
    std::string text;
    std::string suberror;
    std::string claims; // a claims challenge, JSON within a string
};

// A JSON body with a member or two that no client expects.
Reply make_json_reply(int status, const Json &object);
//   correlation_id   the client's own, or empty
Reply make_error_reply(const OauthError &error, const std::string &correlation_id);

// What AADSTS says of the numbers that this emulator uses; empty: not one of them.
std::string_view text_of_aadsts(int number);

} // namespace jit::entra
