#include "lib/ipc/pins.h"

#include <utility>

#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_oid_bytes = 256;
constexpr std::size_t max_upn_bytes = 320; // 64, an @, and a domain of at most 253
constexpr std::size_t max_word_bytes = 32;

Result<PinRecord> decode_pin(const json_t *object)
{
    // A null element must not pass for an object without members.
    if (!json_is_object(object))
        return Error{Code::bad_input, "a pin should be an object"};
    MemberReader reader{object};
    PinRecord pin;
    pin.user = reader.name("user");
    pin.oid = reader.text("oid", max_oid_bytes);
    pin.upn = reader.text("upn", max_upn_bytes);
    pin.since = reader.time("since");
    const bool is_confirmed = reader.flag("confirmed");
    const std::optional<PinState> state = parse_pin_state(reader.text("state", max_word_bytes));
    if (!state || (*state == PinState::confirmed) != is_confirmed)
        reader.refuse("a pin's state is not one of the protocol's");
    else
        pin.state = *state;
    TRY(reader.finish());
    return pin;
}

} // namespace

std::string_view name_of(PinState state)
{
    switch (state) {
    case PinState::confirmed:
        return "confirmed";
    case PinState::first:
        return "first";
    case PinState::waits:
        return "waits";
    }
    return {};
}

std::optional<PinState> parse_pin_state(std::string_view text)
{
    for (const PinState state : {PinState::confirmed, PinState::first, PinState::waits})
        if (name_of(state) == text)
            return state;
    return std::nullopt;
}

Json encode_pin(const PinRecord &pin)
{
    MemberWriter writer;
    writer.text("user", pin.user);
    writer.text("oid", pin.oid);
    writer.text("upn", pin.upn);
    writer.time("since", pin.since);
    writer.flag("confirmed", pin.state == PinState::confirmed);
    writer.text("state", name_of(pin.state));
    return writer.take();
}

Result<PinsCall> decode_pins_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    PinsCall call{reader.maybe_name("after")};
    TRY(reader.finish());
    return call;
}

Json encode_pins_call(const PinsCall &call)
{
    MemberWriter writer;
    writer.maybe_text("after", call.after);
    return writer.take();
}

Result<PinsReply> decode_pins_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    const json_t *list = reader.array("pins", max_pins_of_a_reply);
    PinsReply reply;
    reply.next = reader.maybe_name("next");
    TRY(reader.finish());
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        reply.pins.push_back(TRY(decode_pin(json_array_get(list, i))));
    return reply;
}

Json encode_pins_reply(const PinsReply &reply)
{
    std::vector<Json> pins;
    for (const PinRecord &pin : reply.pins)
        pins.push_back(encode_pin(pin));
    MemberWriter writer;
    writer.values("pins", std::move(pins));
    writer.maybe_text("next", reply.next);
    return writer.take();
}

Result<PinCall> decode_pin_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    PinCall call{reader.name("user")};
    TRY(reader.finish());
    return call;
}

Json encode_pin_call(const PinCall &call)
{
    MemberWriter writer;
    writer.text("user", call.user);
    return writer.take();
}

} // namespace jit::ipc
