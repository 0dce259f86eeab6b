// The owner of a JSON value.
#pragma once

#include <jansson.h>

#include "lib/base/handle.h"

namespace jit::ipc {

// json_decref() is a static function of jansson's header, so a type made of it would be another
// type in each file, and a function that returns one could not be linked.
inline void release_json(json_t *value)
{
    json_decref(value);
}

using Json = Handle<json_t, &release_json>;

} // namespace jit::ipc
