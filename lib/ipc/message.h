// Varlink calls and replies (https://varlink.org/Method-Call) as JSON text.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

struct Call {
    std::string method; // "io.jitd.Elevation.Check"
    Json parameters;    // an object, never null
    bool more = false;
    bool oneway = false;
};

struct Reply {
    std::string error; // empty: none
    Json parameters;   // an object, never null
    bool continues = false;
};

// Reads any JSON object from outside: at most max_frame_bytes, nested at most max_depth deep,
// without duplicate members or NUL characters, and nothing after it.
//   errors  bad_input
Result<Json> decode_object(std::string_view text);

//   errors  bad_input: not an object, an unknown member, a wrong type, more together with oneway
Result<Call> decode_call(std::string_view frame);
Result<Reply> decode_reply(std::string_view frame);

// The texts end with their NUL, ready to be sent. `parameters` may be null: an empty object.
//   errors  internal: no memory, or longer than a frame may be
Result<std::string> encode_call(std::string_view method, const json_t *parameters, bool more,
                                bool oneway);
Result<std::string> encode_reply(const json_t *parameters, bool continues);
Result<std::string> encode_error(std::string_view error, const json_t *parameters);

// The one-line text {"message": text} that our own errors carry.
Json make_message(std::string_view text);

} // namespace jit::ipc
