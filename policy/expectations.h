// What an administrator expects of a policy: cases in TOML beside it, for `jitctl policy test`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decide.h"
#include "policy/source.h"

namespace jit::policy {

// One request that nobody made, and what should come of it.
struct Expectation {
    std::string name; // of the case, for people
    unsigned line = 0;
    std::string role;
    std::optional<std::chrono::seconds> asked;
    std::string reason;
    std::string tty;
    std::string from;
    Person person;
    Host host;
    Use use;
    WallTime at{};

    bool is_granted = false;                      // expected
    std::optional<Refusal> refusal;               // expected, if one is named
    std::optional<std::chrono::seconds> duration; // expected, if one is named
};

struct ParsedExpectations {
    std::string directory;               // of the policy, as the file names it; "policy.d"
    std::vector<Expectation> cases;      // in the order of the file
    std::vector<Diagnostic> diagnostics; // with an error no case is worth to be run
};

// Pure. The form is that of jit-policy(5), "Tests".
ParsedExpectations parse_expectations(const SourceFile &file);

// What the policy says instead of what was expected, for people; empty: just that.
std::string find_difference(const Policy &policy, const Expectation &expected);

} // namespace jit::policy
