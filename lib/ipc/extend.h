// Extend of io.jitd.Elevation as structs: what elevation.h says of its messages holds here. Its
// replies are those of Request.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view extend = "io.jitd.Elevation.Extend";
} // namespace method

// Exactly one of the first two is given.
struct ExtendCall {
    std::optional<std::string> id;
    std::optional<std::string> role;              // the caller's own grant of it
    std::optional<std::chrono::seconds> duration; // longer by so much; absent: the role's default
    std::optional<std::string> reason;
    std::optional<std::string> tty;
    std::optional<std::int64_t> session;
};
Result<ExtendCall> decode_extend_call(const json_t *parameters);
Json encode_extend_call(const ExtendCall &call);

} // namespace jit::ipc
