#include "tests/entra/claims_request.h"

#include <algorithm>

#include "tests/entra/json.h"

namespace jit::entra {

namespace {

std::vector<std::string> values_asked(std::string_view claims, const char *token, const char *name)
{
    const Json asked = parse_json(claims);
    const json_t *claim = json_object_get(json_object_get(asked.get(), token), name);
    std::vector<std::string> found;
    const auto add = [&](const json_t *value) {
        if (json_is_string(value))
            found.emplace_back(json_string_value(value));
    };
    add(json_object_get(claim, "value"));
    const json_t *values = json_object_get(claim, "values");
    for (std::size_t i = 0; i < json_array_size(values); ++i)
        add(json_array_get(values, i));
    return found;
}

} // namespace

bool is_claims_request(std::string_view claims)
{
    return claims.empty() || json_is_object(parse_json(claims).get());
}

bool is_same_request(std::string_view one, std::string_view other)
{
    if (one == other)
        return true;
    const Json left = parse_json(one);
    const Json right = parse_json(other);
    return left && right && json_equal(left.get(), right.get()) == 1;
}

std::vector<std::string> contexts_asked(std::string_view claims, const char *token)
{
    return values_asked(claims, token, "acrs");
}

bool declares_cp1(std::string_view claims)
{
    const std::vector<std::string> values = values_asked(claims, "access_token", "xms_cc");
    return std::find(values.begin(), values.end(), "cp1") != values.end();
}

std::string make_challenge(std::string_view context)
{
    const Json acrs{json_object()};
    put(acrs, "essential", Json{json_true()});
    put(acrs, "value", context);
    const Json token{json_object()};
    put(token, "acrs", Json{json_incref(acrs.get())});
    const Json challenge{json_object()};
    put(challenge, "access_token", Json{json_incref(token.get())});
    return dump_json(challenge.get());
}

} // namespace jit::entra
