// Pins, ConfirmPin and ClearPin of io.jitd.Elevation as structs: what elevation.h says of its
// messages holds here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view pins = "io.jitd.Elevation.Pins";
inline constexpr std::string_view confirm_pin = "io.jitd.Elevation.ConfirmPin";
inline constexpr std::string_view clear_pin = "io.jitd.Elevation.ClearPin";
} // namespace method

// So many of the longest fit into a frame.
inline constexpr std::size_t max_pins_of_a_reply = 64;

enum class PinState {
    confirmed, // root has said that it is he
    first,     // the first sign-in said so, and that is enough on this host
    waits,     // it is not, and nothing is granted to him until root has confirmed it
};
std::string_view name_of(PinState state);
std::optional<PinState> parse_pin_state(std::string_view text);

struct PinRecord {
    std::string user;
    std::string oid;
    std::string upn;
    WallTime since{};
    PinState state = PinState::waits;
};
struct PinsCall {
    std::optional<std::string> after; // the user after whom the list goes on
};
struct PinsReply {
    std::vector<PinRecord> pins;     // at most max_pins_of_a_reply, in the order of their users
    std::optional<std::string> next; // there are more: ask again, after this user
};
Result<PinsCall> decode_pins_call(const json_t *parameters);
Result<PinsReply> decode_pins_reply(const json_t *parameters);
Json encode_pins_call(const PinsCall &call);
Json encode_pins_reply(const PinsReply &reply);
// The same object that jitctl prints.
Json encode_pin(const PinRecord &pin);

// ConfirmPin and ClearPin. Their reply has no members: decode_empty_reply().
struct PinCall {
    std::string user;
};
Result<PinCall> decode_pin_call(const json_t *parameters);
Json encode_pin_call(const PinCall &call);

} // namespace jit::ipc
