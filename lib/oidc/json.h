// JSON from a provider, read strictly: bounded depth, no duplicate members, no NUL in a string.
#pragma once

#include <optional>
#include <string_view>

#include <jansson.h>

#include "lib/base/handle.h"
#include "lib/base/result.h"
#include "lib/oidc/http_message.h"

namespace jit::oidc {

// Overwrites every string value of a tree and frees it. jansson keeps its own copies of device
// codes and tokens; this is as far as they can be wiped from outside of it. The tree must not be
// shared: all here are fresh from parse_object().
void wipe_and_free(json_t *tree);

using Json = Handle<json_t, &wipe_and_free>;

inline constexpr unsigned max_json_depth = 16;

// An object; null when the text is anything else, or deeper than max_json_depth.
Json parse_object(std::string_view text);

// The document in a reply to a plain GET: status 200 and an object.
//   errors  unavailable (missing): not received, or put off (pace.h); bad_input: another status
//           (missing) or not an object (wrong)
Result<Json> read_document(const HttpReply &reply, const char *missing, const char *wrong);

// A member that is a string. Borrowed from the object.
std::optional<std::string_view> text_member(const json_t *object, const char *name);

} // namespace jit::oidc
