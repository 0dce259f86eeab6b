#include "tests/entra/control_reply.h"

#include <charconv>

namespace jit::entra {

Reply say(int status, const Json &body)
{
    Reply reply;
    reply.status = status;
    put(body, "ok", Json{json_boolean(status == 200)});
    reply.body = dump_json(body.get()) + "\n";
    return reply;
}

Reply complain(int status, std::string_view why)
{
    const Json body{json_object()};
    put(body, "error", why);
    return say(status, body);
}

Reply say_done()
{
    return say(200, Json{json_object()});
}

std::optional<long> number_of(const Form &form, const char *name, long otherwise)
{
    const std::string text = form.get(name);
    if (text.empty())
        return otherwise;
    long number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::optional<bool> flag_of(const Form &form, const char *name, bool otherwise)
{
    const std::string text = form.get(name);
    if (text.empty())
        return otherwise;
    return text == "true" || text == "false" ? std::optional{text == "true"} : std::nullopt;
}

} // namespace jit::entra
