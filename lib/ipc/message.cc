#include "lib/ipc/message.h"

#include "lib/base/json_depth.h"
#include "lib/ipc/frame.h"

namespace jit::ipc {

namespace {

Result<bool> read_flag(const json_t *value)
{
    if (!json_is_boolean(value))
        return Error{Code::bad_input, "a flag of the message is neither true nor false"};
    return json_is_true(value);
}

Result<Json> read_parameters(json_t *value)
{
    if (!json_is_object(value))
        return Error{Code::bad_input, "the message's parameters are not an object"};
    return Json{json_incref(value)};
}

Result<std::string> encode(const Json &message)
{
    if (!message)
        return Error{Code::internal, "no memory for a message"};
    const Handle<char, &free> text{json_dumps(message.get(), JSON_COMPACT)};
    if (!text)
        return Error{Code::internal, "a message can't be written as JSON"};
    std::string out{text.get()};
    if (out.size() > max_frame_bytes)
        return Error{Code::internal, "a message of ours is longer than 64 KiB"};
    out += '\0';
    return out;
}

Json make_object(const json_t *parameters)
{
    Json message{json_object()};
    json_t *copy = parameters ? json_deep_copy(parameters) : json_object();
    if (!message || json_object_set_new(message.get(), "parameters", copy) != 0)
        return nullptr;
    return message;
}

bool set_text(const Json &object, const char *member, std::string_view text)
{
    return object &&
           json_object_set_new(object.get(), member, json_stringn(text.data(), text.size())) == 0;
}

bool set_true(const Json &object, const char *member)
{
    return object && json_object_set_new(object.get(), member, json_true()) == 0;
}

} // namespace

Result<Json> decode_object(std::string_view text)
{
    if (text.size() > max_frame_bytes)
        return Error{Code::bad_input, "longer than 64 KiB"};
    // jansson recurses once a level, so the depth is bounded before it sees the text.
    if (!is_nested_at_most(text, max_depth))
        return Error{Code::bad_input, "nested more than 16 deep"};
    json_error_t where;
    Json read{json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &where)};
    if (!read)
        return Error{Code::bad_input, "not JSON, or a member stands twice"};
    if (!json_is_object(read.get()))
        return Error{Code::bad_input, "not a JSON object"};
    return read;
}

Result<Call> decode_call(std::string_view frame)
{
    const Json object = TRY(decode_object(frame));
    Call call;
    const char *name = nullptr;
    json_t *value = nullptr;
    json_object_foreach(object.get(), name, value)
    {
        const std::string_view member{name};
        if (member == "method" && json_is_string(value))
            call.method = json_string_value(value);
        else if (member == "parameters")
            call.parameters = TRY(read_parameters(value));
        else if (member == "more")
            call.more = TRY(read_flag(value));
        else if (member == "oneway")
            call.oneway = TRY(read_flag(value));
        else if (member == "upgrade") {
            if (TRY(read_flag(value)))
                return Error{Code::bad_input, "upgrade is not supported"};
        } else {
            return Error{Code::bad_input, "an unknown member in a call"};
        }
    }
    if (call.method.empty())
        return Error{Code::bad_input, "a call without a method"};
    if (call.more && call.oneway)
        return Error{Code::bad_input, "a call with both more and oneway"};
    if (!call.parameters)
        call.parameters.reset(json_object());
    return call;
}

Result<Reply> decode_reply(std::string_view frame)
{
    const Json object = TRY(decode_object(frame));
    Reply reply;
    const char *name = nullptr;
    json_t *value = nullptr;
    json_object_foreach(object.get(), name, value)
    {
        const std::string_view member{name};
        if (member == "error" && json_is_string(value) && json_string_length(value) > 0)
            reply.error = json_string_value(value);
        else if (member == "parameters")
            reply.parameters = TRY(read_parameters(value));
        else if (member == "continues")
            reply.continues = TRY(read_flag(value));
        else
            return Error{Code::bad_input, "an unknown member in a reply"};
    }
    if (!reply.error.empty() && reply.continues)
        return Error{Code::bad_input, "an error that continues"};
    if (!reply.parameters)
        reply.parameters.reset(json_object());
    return reply;
}

Result<std::string> encode_call(std::string_view method, const json_t *parameters, bool more,
                                bool oneway)
{
    const Json message = make_object(parameters);
    if (!set_text(message, "method", method) || (more && !set_true(message, "more")) ||
        (oneway && !set_true(message, "oneway")))
        return Error{Code::internal, "no memory for a call"};
    return encode(message);
}

Result<std::string> encode_reply(const json_t *parameters, bool continues)
{
    const Json message = make_object(parameters);
    if (!message || (continues && !set_true(message, "continues")))
        return Error{Code::internal, "no memory for a reply"};
    return encode(message);
}

Result<std::string> encode_error(std::string_view error, const json_t *parameters)
{
    const Json message = make_object(parameters);
    if (!set_text(message, "error", error))
        return Error{Code::internal, "no memory for an error"};
    return encode(message);
}

Json make_message(std::string_view text)
{
    Json object{json_object()};
    if (!set_text(object, "message", text))
        return nullptr;
    return object;
}

} // namespace jit::ipc
