#include "lib/oidc/claims_request.h"

#include <cstdlib>

#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_claims_bytes = std::size_t{4} * 1024;

// Nothing here is secret, and trees share branches: they are not wiped.
using Tree = Handle<json_t, &json_decref>;

std::string dump(const json_t *object)
{
    const Handle<char, &free> text{json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS)};
    return text ? text.get() : std::string{};
}

// cp1: that we understand such challenges. PIM asks for it even where the context is satisfied.
Tree make_wish(std::string_view auth_context)
{
    if (auth_context.empty())
        return Tree{json_object()};
    const auto acrs = [&] {
        return json_pack("{s:b, s:s%}", "essential", 1, "value", auth_context.data(),
                         auth_context.size());
    };
    return Tree{json_pack("{s:{s:o}, s:{s:o, s:{s:[s]}}}", "id_token", "acrs", acrs(),
                          "access_token", "acrs", acrs(), "xms_cc", "values", "cp1")};
}

} // namespace

std::string make_claims_request(std::string_view auth_context, std::string_view demanded)
{
    const Tree wish = make_wish(auth_context);
    const Json demand = demanded.empty() ? Json{json_object()} : parse_object(demanded);
    const Tree whole{json_deep_copy(wish.get())};
    const Tree theirs{json_deep_copy(demand.get())};
    if (!whole || !theirs || json_object_update_recursive(whole.get(), theirs.get()) != 0)
        return {};
    // The provider says what it wants in the access token, we say what we look for in the ID token.
    if (json_t *const ours = json_object_get(wish.get(), "id_token")) {
        const Tree part{json_pack("{s:O}", "id_token", ours)};
        if (!part || json_object_update_recursive(whole.get(), part.get()) != 0)
            return {};
    }
    return json_object_size(whole.get()) == 0 ? std::string{} : dump(whole.get());
}

std::string second_factor_demand()
{
    return R"({"id_token":{"acrs":{"essential":true,"values":["p1"]}}})";
}

std::string add_client_capability(std::string_view demanded)
{
    const Json demand = parse_object(demanded);
    const Tree whole{json_pack("{s:{s:{s:[s]}}}", "access_token", "xms_cc", "values", "cp1")};
    const Tree theirs{json_deep_copy(demand.get())};
    if (!whole || !theirs || json_object_update_recursive(whole.get(), theirs.get()) != 0)
        return {};
    return dump(whole.get());
}

std::string read_demand(std::string_view text)
{
    if (text.size() > max_claims_bytes)
        return {};
    const Json object = parse_object(text);
    return object && json_object_size(object.get()) != 0 ? dump(object.get()) : std::string{};
}

} // namespace jit::oidc
