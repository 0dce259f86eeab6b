// Health of io.jitd.Elevation as structs: what elevation.h says of its messages holds here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view health = "io.jitd.Elevation.Health";
} // namespace method

enum class PolicyInForce {
    current,
    last_good, // the files have an error; the set before it counts
    none
};
std::string_view name_of(PolicyInForce policy);
std::optional<PolicyInForce> parse_policy_in_force(std::string_view text);

struct HealthReply {
    bool is_configured = false; // jitd.toml is there and has no error
    PolicyInForce policy = PolicyInForce::none;
    std::optional<std::string> fault; // for people
};
Result<void> decode_health_call(const json_t *parameters); // has no members
Result<HealthReply> decode_health_reply(const json_t *parameters);
Json encode_health_reply(const HealthReply &reply);

} // namespace jit::ipc
