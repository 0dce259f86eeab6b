#include "tests/entra/spoil.h"

#include <cstdlib>

namespace jit::entra {

namespace {

int number_of(const std::string &text)
{
    return static_cast<int>(std::strtol(text.c_str(), nullptr, 10));
}

constexpr const char *sign_in_page =
    "<!DOCTYPE html>\n<html><head><title>Sign in to your account</title></head>"
    "<body><p>Please wait.</p></body></html>\n";

// Each value becomes one of another type.
Json change_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return Json{json_integer(7)};
    case JSON_INTEGER:
    case JSON_REAL:
        return Json{json_string("many")};
    case JSON_ARRAY:
        return Json{json_object()};
    case JSON_OBJECT:
        return Json{json_array()};
    default:
        return Json{json_string("perhaps")};
    }
}

} // namespace

std::optional<Reply> reply_instead(const World &world, const std::string &correlation_id,
                                   const Kind &fault)
{
    Reply reply;
    if (fault.name == "status") {
        reply.status = number_of(fault.first);
        reply.type = "text/html";
        reply.body = sign_in_page;
        if (!fault.second.empty())
            reply.headers.emplace_back("Retry-After", fault.second);
        return reply;
    }
    if (fault.name == "error" || fault.name == "error200")
        return make_error_reply(
            {fault.name == "error" ? 400 : 200, fault.first, number_of(fault.second), "", "", ""},
            correlation_id);
    if (fault.name == "html") {
        reply.type = "text/html; charset=utf-8";
        reply.body = sign_in_page;
        return reply;
    }
    if (fault.name == "not_json") {
        reply.body = R"({"token_type":"Bearer","scope":)";
        return reply;
    }
    if (fault.name == "redirect") { // who follows it is seen in the counter "redirected"
        reply.status = 302;
        reply.type = "text/html";
        reply.headers.emplace_back("Location", world.authority(public_cloud()) + "/redirected");
        return reply;
    }
    return std::nullopt;
}

void spoil_reply(Reply &reply, const Kind &fault)
{
    const Json body = parse_json(reply.body);
    if (!json_is_object(body.get()))
        return;
    if (fault.name == "set") {
        put(body, fault.first.c_str(), parse_json(fault.second));
    } else if (fault.name == "unset") {
        json_object_del(body.get(), fault.first.c_str());
    } else if (fault.name == "wrong_types") {
        const Json changed{json_object()};
        const char *name = nullptr;
        json_t *value = nullptr;
        json_object_foreach(body.get(), name, value) put(changed, name, change_type(value));
        reply.body = dump_json(changed.get());
        return;
    } else {
        return;
    }
    reply.body = dump_json(body.get());
}

} // namespace jit::entra
