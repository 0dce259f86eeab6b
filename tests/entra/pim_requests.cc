#include "tests/entra/pim_requests.h"

#include "lib/base/text.h"
#include "tests/entra/graph_access.h"
#include "tests/entra/iso_duration.h"
#include "tests/entra/pim_errors.h"
#include "tests/entra/pim_json.h"

namespace jit::entra {

namespace {

// A start that lies so far back is taken for now.
constexpr std::chrono::seconds skew{300};

std::string text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == nullptr ? "" : text;
}

// Graph's times may have a fraction of a second.
std::optional<WallTime> time_of(std::string text)
{
    if (const std::size_t dot = text.find('.'); dot != std::string::npos)
        text = text.substr(0, dot) + "Z";
    return parse_time(text);
}

// When it starts and how long it lasts.
std::optional<GraphError> read_schedule(const json_t *info, WallTime now, PimOrder &order)
{
    const std::string begin = text_of(info, "startDateTime");
    if (!begin.empty()) {
        const auto start = time_of(begin);
        if (!start)
            return make_pim_error("InvalidRoleAssignmentRequestSchedule");
        if (*start < now - skew)
            return make_pim_error("StartTimeInPast");
        order.delay = std::max(*start - now, std::chrono::seconds{0});
    }
    const json_t *expiration = json_object_get(info, "expiration");
    const std::string type = to_lower(text_of(expiration, "type"));
    if (type == "afterduration") {
        const auto duration = parse_iso_duration(text_of(expiration, "duration"));
        if (!duration || duration->count() == 0)
            return make_pim_error("InvalidRoleAssignmentRequestSchedule");
        order.duration = *duration;
    } else if (type == "afterdatetime") {
        const auto end = time_of(text_of(expiration, "endDateTime"));
        if (!end || *end <= now + order.delay)
            return make_pim_error("InvalidRoleAssignmentRequestSchedule");
        order.duration = *end - (now + order.delay);
    } else if (type != "noexpiration") {
        return make_pim_error("InvalidRoleAssignmentRequestSchedule");
    }
    return std::nullopt;
}

std::optional<GraphError> read_order(const GraphRequest &request, const AccessToken &token,
                                     WallTime now, PimOrder &order)
{
    const Json body = parse_json(request.body);
    if (!to_lower(request.content_type).starts_with("application/json") ||
        !json_is_object(body.get()))
        return make_pim_error("BadRequest");
    order.action = text_of(body.get(), "action");
    order.access_id = to_lower(text_of(body.get(), "accessId"));
    order.principal = to_lower(text_of(body.get(), "principalId"));
    order.group = to_lower(text_of(body.get(), "groupId"));
    order.justification = text_of(body.get(), "justification");
    const json_t *ticket = json_object_get(body.get(), "ticketInfo");
    order.ticket_number = text_of(ticket, "ticketNumber");
    order.ticket_system = text_of(ticket, "ticketSystem");
    order.is_validation_only = json_is_true(json_object_get(body.get(), "isValidationOnly"));
    order.asked_by = token.user_oid;
    order.sign_in = token.sign_in;
    const std::string action = to_lower(order.action);
    if ((action != "selfactivate" && action != "selfdeactivate") ||
        (order.access_id != "member" && order.access_id != "owner") || !is_guid(order.group))
        return make_pim_error("BadRequest");
    // Nobody asks for somebody else, and no application for itself.
    if (order.principal.empty() || order.principal != token.user_oid)
        return make_pim_error("Authorization_RequestDenied");
    if (action == "selfdeactivate")
        return std::nullopt;
    return read_schedule(json_object_get(body.get(), "scheduleInfo"), now, order);
}

bool may_see(const World &world, const PimRequest &request, const AccessToken &token)
{
    const auto group = world.pim.find_group(request.order.group);
    return token.is_application() || request.order.principal == token.user_oid ||
           (group && contains(group->approvers, token.user_oid));
}

} // namespace

Reply answer_pim_order(World &world, const GraphRequest &request, const AccessToken &token, Now now,
                       const std::optional<Kind> &fault)
{
    PimOrder order;
    if (const auto error = read_order(request, token, now.wall, order))
        return make_graph_error(request, *error);
    if (fault && fault->name == "outcome") {
        order.status = fault->first;
        order.next_status = fault->second;
    }
    const PimAnswer answer = world.pim.open(order, now);
    if (const auto *error = std::get_if<GraphError>(&answer))
        return make_graph_error(request, *error);
    const Json body = PimJson{world.pim.settings()}.request(std::get<PimRequest>(answer));
    return make_json_reply(201, body);
}

Reply answer_pim_request(World &world, const GraphRequest &request, const PimCall &call,
                         const AccessToken &token, Now now)
{
    const auto found = world.pim.look_at(call.id, now);
    if (!found || !may_see(world, *found, token))
        return make_graph_error(request, make_pim_error("ResourceNotFound"));
    return make_json_reply(200, PimJson{world.pim.settings()}.request(*found));
}

Reply answer_pim_cancel(World &world, const GraphRequest &request, const PimCall &call,
                        const AccessToken &token, Now now)
{
    if (const auto error = world.pim.cancel(call.id, token.user_oid, now))
        return make_graph_error(request, *error);
    Reply reply;
    reply.status = 204;
    return reply;
}

Reply answer_pim_approval(World &world, const GraphRequest &request, const PimCall &call,
                          const AccessToken &token, Now now)
{
    const auto refuse = [&](const char *code) {
        return make_graph_error(request, make_pim_error(code));
    };
    const auto found = world.pim.look_at(call.id, now);
    const auto group = found ? world.pim.find_group(found->order.group) : std::nullopt;
    if (!group || (!call.stage.empty() && call.stage != found->stage) || token.is_application())
        return refuse("ResourceNotFound");
    if (request.method == "GET") {
        if (!may_see(world, *found, token))
            return refuse("Authorization_RequestDenied");
        const PimJson json{world.pim.settings()};
        return make_json_reply(
            200, call.stage.empty() ? json.approval(world.config, *group, *found, token.user_oid)
                                    : json.stage(world.config, *group, *found, token.user_oid));
    }
    const Json body = parse_json(request.body);
    const std::string result = to_lower(text_of(body.get(), "reviewResult"));
    if (result != "approve" && result != "deny")
        return refuse("BadRequest");
    if (const auto error = world.pim.decide(call.id, token.user_oid, result == "approve",
                                            text_of(body.get(), "justification"), now))
        return make_graph_error(request, *error);
    Reply reply;
    reply.status = 204;
    return reply;
}

} // namespace jit::entra
