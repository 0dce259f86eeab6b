#include "lib/oidc/pim_questions.h"

#include <cstdlib>
#include <string_view>

#include "lib/base/text.h"
#include "lib/oidc/graph_duration.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr const char *ticket_system = "jit"; // for the reader of Entra's log

json_t *make_text(std::string_view text)
{
    return json_stringn(text.data(), text.size());
}

// Whose membership of what.
Json make_question(const PimWho &who, const char *action)
{
    return Json{json_pack("{s:s, s:s, s:s, s:s}", "action", action, "accessId", "member",
                          "principalId", who.oid.c_str(), "groupId", who.group.c_str())};
}

std::string dump(const Json &body)
{
    const Handle<char, &free> text{json_dumps(body.get(), JSON_COMPACT)};
    return text ? text.get() : std::string{};
}

} // namespace

std::string make_activation(const PimWho &who, const PimWish &wish)
{
    const Json body = make_question(who, "selfActivate");
    const std::string start = format_time(wish.start);
    const std::string length = format_graph_duration(wish.duration);
    json_object_set_new(body.get(), "scheduleInfo",
                        json_pack("{s:s, s:{s:s, s:s}}", "startDateTime", start.c_str(),
                                  "expiration", "type", "afterDuration", "duration",
                                  length.c_str()));
    if (!wish.reason.empty())
        json_object_set_new(body.get(), "justification", make_text(wish.reason));
    if (!wish.ticket.empty())
        json_object_set_new(body.get(), "ticketInfo",
                            json_pack("{s:o, s:s}", "ticketNumber", make_text(wish.ticket),
                                      "ticketSystem", ticket_system));
    return dump(body);
}

std::string make_deactivation(const PimWho &who)
{
    const Json body = make_question(who, "selfDeactivate");
    json_object_set_new(body.get(), "justification", make_text("ended on the host"));
    return dump(body);
}

} // namespace jit::oidc
