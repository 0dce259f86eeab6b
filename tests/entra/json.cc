#include "tests/entra/json.h"

#include <cstdlib>

namespace jit::entra {

Json parse_json(std::string_view text)
{
    return Json{json_loadb(text.data(), text.size(), JSON_DECODE_ANY, nullptr)};
}

std::string dump_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    std::string out = text == nullptr ? "" : text;
    std::free(text); // jansson's allocator is malloc
    return out;
}

Json json_text(std::string_view text)
{
    return Json{json_stringn(text.data(), text.size())};
}

void put(const Json &object, const char *name, Json value)
{
    (void)json_object_set_new(object.get(), name, value.release()); // a null value adds nothing
}

void put(const Json &object, const char *name, std::string_view text)
{
    put(object, name, json_text(text));
}

void put(const Json &object, const char *name, long number)
{
    put(object, name, Json{json_integer(number)});
}

} // namespace jit::entra
