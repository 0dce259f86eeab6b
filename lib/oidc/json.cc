#include "lib/oidc/json.h"

#include <cstring>

#include "lib/base/json_depth.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

// Recursion ends at max_json_depth: nothing deeper was parsed.
void wipe_strings(json_t *value)
{
    if (json_is_string(value)) {
        // The bytes are jansson's own heap copy and about to be freed; nobody else reads them.
        explicit_bzero(const_cast<char *>(json_string_value(value)), json_string_length(value));
    } else if (json_is_object(value)) {
        const char *key = nullptr;
        json_t *member = nullptr;
        json_object_foreach(value, key, member) wipe_strings(member);
    } else if (json_is_array(value)) {
        for (std::size_t i = 0; i < json_array_size(value); ++i)
            wipe_strings(json_array_get(value, i));
    }
}

} // namespace

void wipe_and_free(json_t *tree)
{
    wipe_strings(tree);
    json_decref(tree);
}

Json parse_object(std::string_view text)
{
    // jansson's own limit of nesting is 2048 levels of recursion, set when it was built.
    if (text.empty() || !is_nested_at_most(text, max_json_depth))
        return nullptr;
    json_error_t ignored;
    Json parsed{json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &ignored)};
    if (!json_is_object(parsed.get()))
        return nullptr;
    return parsed;
}

Result<Json> read_document(const HttpReply &reply, const char *missing, const char *wrong)
{
    if (reply.outcome == HttpReply::Outcome::too_large)
        return Error{Code::bad_input, wrong};
    if (reply.outcome != HttpReply::Outcome::received || is_put_off(reply))
        return Error{Code::unavailable, missing};
    if (reply.status != 200)
        return Error{Code::bad_input, missing};
    Json parsed = parse_object(reply.body.reveal());
    if (!parsed)
        return Error{Code::bad_input, wrong};
    return parsed;
}

std::optional<std::string_view> text_member(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return std::nullopt;
    return std::string_view{json_string_value(member), json_string_length(member)};
}

} // namespace jit::oidc
