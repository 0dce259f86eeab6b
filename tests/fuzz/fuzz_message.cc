// Any bytes, in pieces of any size, as a stream of Varlink frames; each frame as a call and a
// reply; and its parameters as those of every method that there is. What is read is written and
// read again, and must come out the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "lib/base/handle.h"
#include "lib/ipc/audit.h"
#include "lib/ipc/confining.h"
#include "lib/ipc/elevation.h"
#include "lib/ipc/frame.h"
#include "lib/ipc/granting.h"
#include "lib/ipc/health.h"
#include "lib/ipc/message.h"
#include "lib/ipc/pins.h"
#include "lib/ipc/roles.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::ipc;

namespace {

std::string text_of(const Json &json)
{
    expect(json != nullptr);
    const Handle<char, &std::free> text{json_dumps(json.get(), JSON_COMPACT | JSON_SORT_KEYS)};
    expect(text != nullptr);
    return text.get();
}

// Whether the second says all that the first does; null and false say nothing.
bool is_kept(const json_t *first, const json_t *second)
{
    if (json_is_array(first)) {
        bool kept = json_array_size(first) == json_array_size(second);
        for (std::size_t i = 0; kept && i < json_array_size(first); ++i)
            kept = is_kept(json_array_get(first, i), json_array_get(second, i));
        return kept;
    }
    if (!json_is_object(first))
        return json_is_null(first) || json_is_false(first) || json_equal(first, second);
    const char *key = nullptr;
    json_t *value = nullptr;
    json_object_foreach(const_cast<json_t *>(first), key, value)
    {
        if (!is_kept(value, json_object_get(second, key)))
            return false;
    }
    return true;
}

template <typename Decode, typename Encode>
void round_trip(const json_t *parameters, Decode decode, Encode encode)
{
    const auto first = decode(parameters);
    if (!first.has_value()) {
        expect(first.error().code == Code::bad_input);
        return;
    }
    const Json written = encode(*first);
    expect(is_kept(parameters, written.get()));
    const auto second = decode(written.get());
    expect(second.has_value());
    expect(text_of(written) == text_of(encode(*second)));
}

void check_elevation(const json_t *from)
{
    round_trip(from, decode_check_call, encode_check_call);
    round_trip(from, decode_check_reply, encode_check_reply);
    round_trip(from, decode_request_call, encode_request_call);
    round_trip(from, decode_request_reply, encode_request_reply);
    round_trip(from, decode_request_id_call, encode_request_id_call);
    round_trip(from, decode_list_call, encode_list_call);
    round_trip(from, decode_list_reply, encode_list_reply);
    round_trip(from, decode_roles_call, encode_roles_call);
    round_trip(from, decode_roles_reply, encode_roles_reply);
    const json_t *const after = json_object_get(from, "after");
    if (!json_is_integer(after) || json_integer_value(after) != 0) // 0 says nothing
        round_trip(from, decode_audit_call, encode_audit_call);
    round_trip(from, decode_audit_reply, encode_audit_reply);
    round_trip(from, decode_health_reply, encode_health_reply);
    round_trip(from, decode_drop_call, encode_drop_call);
    round_trip(from, decode_revoke_call, encode_revoke_call);
    round_trip(from, decode_ids_reply, encode_ids_reply);
    round_trip(from, decode_pins_call, encode_pins_call);
    round_trip(from, decode_pins_reply, encode_pins_reply);
    round_trip(from, decode_pin_call, encode_pin_call);
    round_trip(from, decode_session_opened, encode_session_opened);
    round_trip(from, decode_session_closed, encode_session_closed);
    round_trip(from, decode_session_reply, [](const SessionReply &reply) { return encode(reply); });
    round_trip(from, decode_fault_message,
               [](const std::string &message) { return make_message(message); });
    const bool is_empty = json_object_size(from) == 0;
    expect(decode_health_call(from).has_value() == is_empty);
    expect(decode_empty_reply(from).has_value() == is_empty);
}

void check_granting(const json_t *from)
{
    round_trip(from, decode_grant_call, [](const GrantCall &call) { return encode(call); });
    round_trip(from, decode_grant_reply, [](const GrantReply &reply) { return encode(reply); });
    round_trip(from, decode_end_call, [](const EndCall &call) { return encode(call); });
    round_trip(from, decode_end_reply, [](const EndReply &reply) { return encode(reply); });
    round_trip(from, decode_use_call, [](const UseCall &call) { return encode(call); });
    round_trip(from, decode_confine_call, [](const ConfineCall &call) { return encode(call); });
    round_trip(from, decode_confine_reply, [](const ConfineReply &reply) { return encode(reply); });
    round_trip(from, decode_warn_call, [](const WarnCall &call) { return encode(call); });
    round_trip(from, decode_grant_list, [](const GrantList &list) { return encode(list); });
    round_trip(from, decode_grant_list_call,
               [](const GrantListCall &call) { return encode(call); });
}

// A text of ours, without its NUL; empty: it would have been too long.
std::string_view frame_of(const Result<std::string> &text)
{
    if (!text.has_value())
        return {};
    expect(text->size() <= max_frame_bytes + 1 && text->find('\0') == text->size() - 1);
    return {text->data(), text->size() - 1};
}

void check_frame(const std::string &frame)
{
    if (const auto call = decode_call(frame)) {
        expect(!call->method.empty() && json_is_object(call->parameters.get()));
        const auto text =
            encode_call(call->method, call->parameters.get(), call->more, call->oneway);
        if (const std::string_view again = frame_of(text); !again.empty()) {
            const auto back = decode_call(again);
            expect(back && back->method == call->method && back->more == call->more);
            expect(back->oneway == call->oneway);
            expect(text_of(back->parameters) == text_of(call->parameters));
        }
        check_elevation(call->parameters.get());
        check_granting(call->parameters.get());
    }
    if (const auto reply = decode_reply(frame)) {
        expect(json_is_object(reply->parameters.get()));
        const auto text = reply->error.empty()
                              ? encode_reply(reply->parameters.get(), reply->continues)
                              : encode_error(reply->error, reply->parameters.get());
        if (const std::string_view again = frame_of(text); !again.empty()) {
            const auto back = decode_reply(again);
            expect(back && back->error == reply->error && back->continues == reply->continues);
            expect(text_of(back->parameters) == text_of(reply->parameters));
        }
        check_elevation(reply->parameters.get());
        check_granting(reply->parameters.get());
    }
    // The parameters alone, which is what is left of most of what is mutated.
    if (const auto object = decode_object(frame)) {
        check_elevation(object->get());
        check_granting(object->get());
    }
}

} // namespace

// The first byte says how the rest is cut: into pieces of so many bytes, 0 for all at once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view stream{reinterpret_cast<const char *>(data) + 1, size - 1};
    const std::size_t piece = data[0] == 0 ? std::max<std::size_t>(stream.size(), 1) : data[0];
    FrameReader reader;
    std::size_t at = 0; // of the next frame
    for (std::size_t sent = 0; sent < stream.size(); sent += piece) {
        if (!reader.add(stream.substr(sent, piece))) {
            expect(stream.find(std::string_view{"\0\0", 2}) != std::string_view::npos ||
                   stream.starts_with('\0') || stream.size() > max_frame_bytes);
            return 0;
        }
        while (true) {
            const bool has_whole = reader.has_whole();
            const auto frame = reader.next();
            expect(frame.has_value() == has_whole);
            if (!frame)
                break;
            // What comes out is what went in, in its order, whatever the pieces.
            expect(!frame->empty() && stream.substr(at, frame->size()) == *frame);
            at += frame->size();
            expect(stream[at++] == '\0');
            check_frame(*frame);
        }
        const std::size_t arrived = std::min(sent + piece, stream.size());
        expect(reader.has_partial() == (at < arrived));
    }
    if (at < stream.size())
        check_frame(std::string{stream.substr(at)});
    return 0;
}
