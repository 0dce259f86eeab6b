#include "tests/entra/pim_spoil.h"

#include <cstdlib>

#include "tests/entra/encode.h"
#include "tests/entra/pim_errors.h"

namespace jit::entra {

namespace {

constexpr const char *other_group = "9b000000-0000-4000-8000-0000000000ff";
constexpr const char *other_person = "0e000000-0000-4000-8000-0000000000ff";

// In the object itself, and in each element of its `value`.
void replace_member(json_t *object, const char *name, const std::string &text)
{
    if (json_object_get(object, name) != nullptr)
        json_object_set_new(object, name, json_text(text).release());
    const json_t *rows = json_object_get(object, "value");
    for (std::size_t i = 0; i < json_array_size(rows); ++i)
        replace_member(json_array_get(rows, i), name, text);
}

} // namespace

std::optional<GraphError> pim_error_instead(const Kind &fault)
{
    if (fault.name == "refuse") {
        GraphError error = make_pim_error(fault.second);
        error.status = static_cast<int>(std::strtol(fault.first.c_str(), nullptr, 10));
        return error;
    }
    if (fault.name == "rules")
        return make_rules_error(split_commas(fault.first));
    if (fault.name == "acrs")
        return fault.second == "named" ? make_named_acrs_error(fault.first)
                                       : make_unknown_acrs_error(fault.first);
    return std::nullopt;
}

void spoil_pim_reply(Reply &reply, const Kind &fault)
{
    if (fault.name == "after") {
        reply = {};
        reply.status = static_cast<int>(std::strtol(fault.first.c_str(), nullptr, 10));
        reply.type = "text/html";
        if (!fault.second.empty())
            reply.headers.emplace_back("Retry-After", fault.second);
        return;
    }
    const bool is_group = fault.name == "other_group";
    if (!is_group && fault.name != "other_person")
        return;
    const Json body = parse_json(reply.body);
    replace_member(body.get(), is_group ? "groupId" : "principalId",
                   !fault.first.empty() ? fault.first
                   : is_group           ? other_group
                                        : other_person);
    if (body)
        reply.body = dump_json(body.get());
}

} // namespace jit::entra
