// What of sshd_config(5) decides whether a login can be asked for a role, and for how long. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doctor/finding.h"

namespace jit::doctor {

// The first value of a keyword is the one that counts, and where it stands.
struct SshdValue {
    std::string text; // in lower case
    std::string where;
};

struct SshdSide {
    std::optional<SshdValue> use_pam;
    std::optional<SshdValue> interactive; // KbdInteractiveAuthentication
    std::optional<SshdValue> grace;       // LoginGraceTime
    std::optional<SshdValue> methods;     // AuthenticationMethods, for all
    std::vector<SshdValue> lists;         // each list of methods, those of Match blocks too
    bool is_interactive_somewhere = false;
    std::set<std::string> services; // PAMServiceName
    std::vector<Finding> findings;
};

// The files that an Include names, in their order, with their texts; absent: it is not looked at.
using SshdIncluded = std::function<std::optional<std::vector<std::pair<std::string, std::string>>>(
    std::string_view)>;

// Adds what a file holds. An included one that includes others is not followed, and said.
void read_sshd_config(const std::string &file, std::string_view text, const SshdIncluded &included,
                      SshdSide &side);

// What is to be known where a role gates sshd.
//   longest  how long a request of such a role may wait
std::vector<Finding> judge_sshd(const SshdSide &side, std::chrono::seconds longest);

// sshd_config(5), TIME FORMATS: "120", "2m", "1h30m". Absent: no such.
std::optional<std::chrono::seconds> parse_sshd_time(std::string_view text);

} // namespace jit::doctor
