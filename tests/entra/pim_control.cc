#include "tests/entra/pim_control.h"

#include "lib/base/text.h"
#include "tests/entra/control_reply.h"
#include "tests/entra/iso_duration.h"
#include "tests/entra/pim_errors.h"
#include "tests/entra/pim_json.h"

namespace jit::entra {

namespace {

constexpr long max_wait_s = 600;

Reply complain_of(const GraphError &error)
{
    const Json body{json_object()};
    put(body, "error", error.code);
    put(body, "message", error.text);
    return say(error.status, body);
}

Reply show_request(const World &world, const PimRequest &request)
{
    return say(200, PimJson{world.pim.settings()}.request(request));
}

std::string group_id_of(const World &world, const std::string &text)
{
    for (const PimGroup &group : world.pim.groups())
        if (group.name == text)
            return group.id;
    return to_lower(text);
}

std::optional<std::chrono::seconds> duration_of(const std::string &text)
{
    if (const auto duration = parse_iso_duration(text))
        return duration;
    Form form;
    form.fields["n"] = text;
    const auto seconds = number_of(form, "n", 0);
    return seconds ? std::optional{std::chrono::seconds{*seconds}} : std::nullopt;
}

// Whose membership a verb is about; false: `refusal` says why there is none.
bool read_subject(const World &world, const Form &form, PimOrder &order, Reply &refusal)
{
    const User *user = world.config.find_user(form.get("user"));
    if (user == nullptr) {
        refusal = complain(400, "user: nobody of that name, UPN or object id");
        return false;
    }
    order.principal = order.asked_by = user->oid;
    order.group = group_id_of(world, form.get("group"));
    if (!is_guid(order.group)) {
        refusal = complain(400, "group: no group of that name, and no GUID");
        return false;
    }
    if (!form.get("access").empty())
        order.access_id = form.get("access");
    return true;
}

Reply activate(World &world, const Form &form, PimOrder order, Now now)
{
    const auto ago = number_of(form, "ago", 0);
    const std::string wanted = form.get("duration");
    const auto duration = duration_of(wanted.empty() ? "PT1H" : wanted);
    const auto force = flag_of(form, "force", false);
    if (!ago || !duration || !force)
        return complain(400, "ago is seconds; duration seconds or PT1H; force true or false");
    order.action = "selfActivate";
    order.justification = form.get("justification");
    order.ticket_number = form.get("ticket");
    order.duration = *duration;
    order.delay = std::chrono::seconds{-*ago};
    order.status = form.get("status");
    order.next_status = form.get("then");
    order.sign_in.has_cp1 = true; // the portal steps up by itself
    if (const auto group = world.pim.find_group(order.group))
        order.sign_in.contexts.push_back(group->rules.context);
    const PimAnswer answer =
        *force ? world.pim.open_by_force(order, now) : world.pim.open(order, now);
    if (const auto *error = std::get_if<GraphError>(&answer))
        return complain_of(*error);
    return show_request(world, std::get<PimRequest>(answer));
}

Reply deactivate(World &world, PimOrder order, Now now)
{
    order.action = "selfDeactivate";
    const PimAnswer answer = world.pim.open(order, now);
    if (const auto *error = std::get_if<GraphError>(&answer))
        return complain_of(*error);
    return show_request(world, std::get<PimRequest>(answer));
}

Reply change_membership(World &world, const std::string &verb, const Form &form,
                        const PimOrder &order, Now now)
{
    const auto seconds = number_of(form, "seconds", 3600);
    const auto removes = flag_of(form, "remove", false);
    if (!seconds || !removes)
        return complain(400, "seconds is a number; remove true or false");
    if (verb == "pim_eligible") {
        if (*removes)
            world.pim.remove_eligibility(order);
        else
            world.pim.add_eligibility(order, now.wall);
        return say_done();
    }
    if (verb == "pim_assign") {
        PimOrder assigned = order;
        assigned.duration = duration_of(form.get("duration")).value_or(std::chrono::seconds{0});
        world.pim.assign(assigned, now);
        return say_done();
    }
    const bool is_done = verb == "pim_revoke"
                             ? world.pim.revoke(order, now)
                             : world.pim.end_in(order, std::chrono::seconds{*seconds}, now);
    return is_done ? say_done() : complain(404, "nobody is active so");
}

// The id of the request that a verb means; empty: there is none.
std::string request_of(World &world, const Form &form, const std::string &state, Now now)
{
    const std::string asked = form.get("request");
    if (!asked.empty() && asked != "latest")
        return to_lower(asked);
    if (!state.empty())
        return world.pim
            .wait_for_approval(std::chrono::seconds{number_of(form, "wait", 0).value_or(0)})
            .value_or("");
    const std::vector<PimRequest> requests = world.pim.requests(now);
    return requests.empty() ? "" : requests.back().id;
}

Reply decide(World &world, const Form &form, bool approves)
{
    const User *user = world.config.find_user(form.get("as"));
    const auto wait = number_of(form, "wait", 0);
    if (user == nullptr || !wait || *wait < 0 || *wait > max_wait_s)
        return complain(400, "as: nobody of that name; or wait is not 0 to 600 seconds");
    const std::string id = request_of(world, form, "PendingApproval", read_clocks());
    if (id.empty())
        return complain(404, "no request waits for an approver");
    const Now now = read_clocks();
    if (const auto error =
            world.pim.decide(id, user->oid, approves, form.get("justification"), now))
        return complain_of(*error);
    return show_request(world, *world.pim.look_at(id, now));
}

Reply set_status(World &world, const Form &form, Now now)
{
    const std::string id = request_of(world, form, "", now);
    if (form.get("status").empty() || !world.pim.set_status(id, form.get("status"), now))
        return complain(404, "status is missing, or there is no such request");
    return show_request(world, *world.pim.look_at(id, now));
}

// Who may decide, of a list with commas; false: somebody is nobody.
bool read_approvers(const World &world, const std::string &text, PimGroup &group)
{
    if (text.empty())
        return true;
    group.approvers.clear();
    if (text == "none")
        return true;
    for (const std::string &who : split_commas(text)) {
        const User *user = world.config.find_user(who);
        if (user == nullptr)
            return false;
        group.approvers.push_back(user->oid);
    }
    return true;
}

Reply change_group(World &world, const Form &form)
{
    const std::string id = group_id_of(world, form.get("group"));
    if (!is_guid(id))
        return complain(400, "group: no group of that name, and no GUID");
    PimGroup group = world.pim.find_group(id).value_or(PimGroup{id, id, "", {}, {}});
    PimRules &rules = group.rules;
    const auto approval = flag_of(form, "approval", rules.needs_approval);
    const auto justification = flag_of(form, "justification", rules.needs_justification);
    const auto ticket = flag_of(form, "ticket", rules.needs_ticket);
    const auto mfa = flag_of(form, "mfa", rules.needs_mfa);
    const auto removes = flag_of(form, "remove", false);
    const auto longest = number_of(form, "longest", static_cast<long>(rules.longest.count()));
    if (!approval || !justification || !ticket || !mfa || !removes || !longest || *longest < 1 ||
        !read_approvers(world, form.get("approvers"), group))
        return complain(400, "longest is seconds; approvers are people; the others true or false");
    if (*removes) {
        world.pim.remove_group(id);
        return say_done();
    }
    rules.needs_approval = *approval;
    rules.needs_justification = *justification;
    rules.needs_ticket = *ticket;
    rules.needs_mfa = *mfa;
    rules.longest = std::chrono::seconds{*longest};
    if (const std::string context = form.get("context"); !context.empty())
        rules.context = context == "none" ? "" : context;
    if (!form.get("name").empty())
        group.name = form.get("name");
    world.pim.set_group(std::move(group));
    return say_done();
}

Reply change_settings(World &world, const Form &form)
{
    PimSettings settings = world.pim.settings();
    const auto floor = number_of(form, "floor", static_cast<long>(settings.floor.count()));
    const auto provisioning =
        number_of(form, "provisioning", static_cast<long>(settings.provisioning.count()));
    const auto page_size = number_of(form, "page_size", settings.page_size);
    const auto pascal = flag_of(form, "pascal", settings.is_pascal);
    const std::string acrs = form.get("acrs");
    if (!floor || !provisioning || !page_size || !pascal || *floor < 0 || *provisioning < 0 ||
        *page_size < 0 || (!acrs.empty() && acrs != "named" && acrs != "unknown"))
        return complain(400, "floor, provisioning and page_size are numbers; pascal true or false; "
                             "acrs named or unknown");
    settings.floor = std::chrono::seconds{*floor};
    settings.provisioning = std::chrono::milliseconds{*provisioning};
    settings.page_size = *page_size;
    settings.is_pascal = *pascal;
    if (!acrs.empty())
        settings.is_acrs_named = acrs == "named";
    world.pim.change_settings(settings);
    return say_done();
}

Reply show_pim(World &world, Now now)
{
    const PimJson json{world.pim.settings()};
    const Json body{json_object()};
    const auto list = [&](const char *name, const auto &rows, const auto &shape) {
        Json array{json_array()};
        for (const auto &row : rows)
            json_array_append_new(array.get(), shape(row).release());
        put(body, name, std::move(array));
    };
    list("groups", world.pim.groups(), [&](const PimGroup &group) {
        return json.policy_assignment(world.config, group, "member", true);
    });
    list("eligibilities", world.pim.eligibilities(),
         [&](const PimEligibility &row) { return json.eligibility(row); });
    list("requests", world.pim.requests(now),
         [&](const PimRequest &row) { return json.request(row); });
    list("instances", world.pim.instances(now),
         [&](const PimInstance &row) { return json.instance(row); });
    return say(200, body);
}

} // namespace

std::optional<Reply> answer_pim_control(World &world, const std::string &verb, const Form &form)
{
    const Now now = read_clocks();
    if (verb == "pim_approve" || verb == "pim_deny")
        return decide(world, form, verb == "pim_approve");
    if (verb == "pim_status")
        return set_status(world, form, now);
    if (verb == "pim_group")
        return change_group(world, form);
    if (verb == "pim_settings")
        return change_settings(world, form);
    if (verb == "pim_state")
        return show_pim(world, now);
    const bool is_change = verb == "pim_extend" || verb == "pim_revoke" || verb == "pim_assign" ||
                           verb == "pim_eligible";
    if (!is_change && verb != "pim_activate" && verb != "pim_deactivate")
        return std::nullopt;
    PimOrder order;
    Reply refusal;
    if (!read_subject(world, form, order, refusal))
        return refusal;
    if (verb == "pim_activate")
        return activate(world, form, std::move(order), now);
    if (verb == "pim_deactivate")
        return deactivate(world, std::move(order), now);
    return change_membership(world, verb, form, order, now);
}

} // namespace jit::entra
