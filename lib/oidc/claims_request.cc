#include "lib/oidc/claims_request.h"

#include <cstdlib>

#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_claims_bytes = std::size_t{4} * 1024;

std::string dump(const json_t *object)
{
    const Handle<char, &free> text{json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS)};
    return text ? text.get() : std::string{};
}

// cp1: that we understand such challenges. PIM asks for it even where the context is satisfied.
Json make_wish(std::string_view auth_context)
{
    if (auth_context.empty())
        return Json{json_object()};
    const auto acrs = [&] {
        return json_pack("{s:b, s:s%}", "essential", 1, "value", auth_context.data(),
                         auth_context.size());
    };
    return Json{json_pack("{s:{s:o}, s:{s:o, s:{s:[s]}}}", "id_token", "acrs", acrs(),
                          "access_token", "acrs", acrs(), "xms_cc", "values", "cp1")};
}

} // namespace

std::string make_claims_request(std::string_view auth_context, std::string_view demanded)
{
    const Json wish = make_wish(auth_context);
    const Json whole = demanded.empty() ? Json{json_object()} : parse_object(demanded);
    if (!wish || !whole || json_object_update_recursive(whole.get(), wish.get()) != 0 ||
        json_object_size(whole.get()) == 0)
        return {};
    return dump(whole.get());
}

std::string second_factor_demand()
{
    return R"({"id_token":{"acrs":{"essential":true,"values":["p1"]}}})";
}

std::string read_demand(std::string_view text)
{
    if (text.size() > max_claims_bytes)
        return {};
    const Json object = parse_object(text);
    return object && json_object_size(object.get()) != 0 ? dump(object.get()) : std::string{};
}

} // namespace jit::oidc
