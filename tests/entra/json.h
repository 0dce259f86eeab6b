// JSON values and their owner.
#pragma once

#include <string>
#include <string_view>

#include <jansson.h>

#include "lib/base/handle.h"

namespace jit::entra {

// json_decref has internal linkage, and so would every function that has a Handle of it.
inline void release_json(json_t *value)
{
    json_decref(value);
}
using Json = Handle<json_t, &release_json>;

Json parse_json(std::string_view text); // any value; null when it is not JSON
std::string dump_json(const json_t *value);
Json json_text(std::string_view text);
// Adds a member to an object, in place of one of that name. Jansson takes the value over.
void put(const Json &object, const char *name, Json value);
void put(const Json &object, const char *name, std::string_view text);
void put(const Json &object, const char *name, long number);

} // namespace jit::entra
