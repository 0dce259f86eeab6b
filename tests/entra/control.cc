#include "tests/entra/control.h"

#include <fstream>
#include <iterator>
#include <optional>

#include "tests/entra/claims_request.h"
#include "tests/entra/control_reply.h"
#include "tests/entra/pim_control.h"

namespace jit::entra {

namespace {

Reply decide_flow(World &world, const Form &form, Decision decision)
{
    const User *user = world.config.find_user(form.get("user"));
    if (user == nullptr && (decision.state == FlowState::approved || !form.get("user").empty()))
        return complain(400, "user: nobody of that name, UPN or object id");
    decision.user_oid = user == nullptr ? "" : user->oid;
    const auto wait = number_of(form, "wait", 0);
    if (!wait || *wait < 0 || *wait > 600)
        return complain(400, "wait: seconds, 0 to 600");
    std::string code = form.get("code");
    if (code.empty())
        return complain(400, "code is missing: a user code, or latest");
    if (code == "latest") {
        const auto latest = world.flows.wait_for_pending(std::chrono::seconds{*wait});
        if (!latest)
            return complain(404, "no flow is pending");
        code = *latest;
    }
    switch (world.flows.decide(code, decision, read_clocks())) {
    case Decided::unknown:
        return complain(404, "no flow has this code");
    case Decided::expired:
        return complain(409, "the code has expired");
    case Decided::already:
        return complain(409, "the flow is decided already");
    case Decided::done:
        break;
    }
    const Json body{json_object()};
    put(body, "code", normalize_user_code(code));
    put(body, "state", name_of(decision.state));
    if (user != nullptr)
        put(body, "user", user->upn);
    return say(200, body);
}

Reply fail_flow(World &world, const Form &form, const Failure &failure)
{
    return decide_flow(world, form, {FlowState::failed, "", failure});
}

Reply fail_as_ordered(World &world, const Form &form)
{
    const auto aadsts = number_of(form, "aadsts", 0);
    const std::string claims = form.get("claims");
    if (!aadsts || form.get("error").empty())
        return complain(400, "error is missing, or aadsts is no number");
    if (!is_claims_request(claims))
        return complain(400, "claims is not a JSON object");
    std::string suberror = form.get("suberror");
    if (suberror.empty() && !claims.empty())
        suberror = "basic_action";
    return fail_flow(world, form, {form.get("error"), static_cast<int>(*aadsts), suberror, claims});
}

Json describe(const World &world, const Flow &flow)
{
    Json row{json_object()};
    const User *user = world.config.find_user(flow.user_oid);
    put(row, "code", flow.user_code);
    put(row, "client_id", flow.client_id);
    put(row, "state", name_of(flow.state));
    put(row, "user", user == nullptr ? "" : user->upn);
    put(row, "scope", flow.scope);
    put(row, "claims", flow.claims);
    if (flow.polls > 0)
        put(row, "token_claims", flow.polled_claims);
    put(row, "correlation_id", flow.correlation_id);
    put(row, "expires_in",
        static_cast<long>(
            std::chrono::duration_cast<std::chrono::seconds>(flow.expires - boot_time()).count()));
    put(row, "interval", static_cast<long>(flow.interval.count()));
    put(row, "polls", flow.polls);
    put(row, "polls_since", flow.polls - flow.polls_before.value_or(0));
    put(row, "early_polls", flow.early_polls);
    if (flow.first_gap)
        put(row, "first_gap_ms", static_cast<long>(flow.first_gap->count()));
    if (flow.shortest_gap)
        put(row, "shortest_gap_ms", static_cast<long>(flow.shortest_gap->count()));
    Json gaps{json_array()};
    for (const auto gap : flow.gaps)
        json_array_append_new(gaps.get(), json_integer(gap.count()));
    put(row, "gaps_ms", std::move(gaps));
    return row;
}

Reply show_state(const World &world)
{
    const Json body{json_object()};
    Json flows{json_array()};
    long pending = 0;
    for (const Flow &flow : world.flows.all()) {
        json_array_append_new(flows.get(), describe(world, flow).release());
        pending += flow.state == FlowState::pending && boot_time() < flow.expires ? 1 : 0;
    }
    put(body, "pending", pending);
    put(body, "flows", std::move(flows));
    Json requests{json_object()};
    for (const char *name : {"page", "foreign_next", "other"})
        put(requests, name, 0L);
    for (const std::string &name : endpoint_names())
        put(requests, name.c_str(), 0L);
    for (const auto &[name, count] : world.counters.all())
        put(requests, name.c_str(), count);
    put(body, "requests", std::move(requests));
    Json faults{json_array()};
    for (const Fault &fault : world.faults.all()) {
        Json row{json_object()};
        put(row, "endpoint", fault.endpoint);
        put(row, "kind", fault.kind);
        put(row, "left", fault.left);
        if (!fault.code.empty())
            put(row, "code", fault.code);
        if (!fault.user.empty())
            put(row, "user", fault.user);
        json_array_append_new(faults.get(), row.release());
    }
    put(body, "faults", std::move(faults));
    return say(200, body);
}

Reply order_fault(World &world, const Form &form)
{
    const auto count = number_of(form, "count", 1);
    if (!form.get("code").empty())
        world.flows.note_order(form.get("code"));
    const User *user = world.config.find_user(form.get("user"));
    if (user == nullptr && !form.get("user").empty())
        return complain(400, "user: nobody of that name, UPN or object id");
    if (!count || !world.faults.add({form.get("endpoint"), form.get("kind"), *count,
                                     normalize_user_code(form.get("code")),
                                     user == nullptr ? "" : user->oid}))
        return complain(400, "no such fault: endpoint, kind, count, code or user is wrong");
    return say_done();
}

Reply show_secrets(const World &world)
{
    const Json body{json_object()};
    Json secrets{json_array()};
    for (const std::string &secret : world.secrets.all())
        json_array_append_new(secrets.get(), json_text(secret).release());
    put(body, "secrets", std::move(secrets));
    return say(200, body);
}

Reply change_pace(World &world, const Form &form)
{
    const auto lifetime = number_of(form, "code_lifetime", world.code_lifetime_s);
    const auto interval = number_of(form, "interval", world.interval_s);
    const auto access_token = number_of(form, "access_token", world.access_token_s);
    const std::string early = form.get("slow_down_early");
    if (!lifetime || !interval || !access_token || *lifetime < 1 || *interval < 1 ||
        *access_token < 0 || (!early.empty() && early != "true" && early != "false"))
        return complain(400,
                        "code_lifetime, interval and access_token are seconds; slow_down_early "
                        "true or false");
    world.code_lifetime_s = *lifetime;
    world.interval_s = *interval;
    world.access_token_s = *access_token;
    if (!early.empty())
        world.slow_down_early = early == "true";
    return say_done();
}

Reply rotate_keys(World &world, const Form &form)
{
    const std::string keep_old = form.get("keep_old");
    if (!keep_old.empty() && keep_old != "true" && keep_old != "false")
        return complain(400, "keep_old is true or false");
    return world.keys.rotate(keep_old == "true") ? say_done()
                                                 : complain(500, "no new key could be made");
}

Reply register_certificate(World &world, const Form &form)
{
    const App *app = world.config.find_app(form.get("client_id"));
    const auto keeps_old = flag_of(form, "keep_old", false);
    if (app == nullptr || !keeps_old)
        return complain(400, "client_id: no such application; or keep_old is not true or false");
    std::string pem = form.get("certificate");
    if (const std::string path = form.get("certificate_file"); !path.empty()) {
        std::ifstream file{path};
        pem.assign(std::istreambuf_iterator<char>{file}, {});
    }
    return world.host_credentials.add(app->client_id, pem, *keeps_old)
               ? say_done()
               : complain(400, "certificate or certificate_file: no certificate in PEM");
}

Reply change_identity(World &world, const Form &form)
{
    const std::string text = form.get("permissions");
    if (text.empty())
        return complain(400, "permissions: names with commas, or none");
    world.host_credentials.set_permissions(text == "none" ? std::vector<std::string>{}
                                                          : split_commas(text));
    return say_done();
}

} // namespace

Form parse_control_body(const std::string &body)
{
    const Json object = parse_json(body);
    if (!json_is_object(object.get()))
        return parse_form(body);
    Form form;
    const char *name = nullptr;
    json_t *value = nullptr;
    json_object_foreach(object.get(), name, value)
    {
        form.fields[name] = json_is_string(value) ? json_string_value(value) : dump_json(value);
    }
    return form;
}

Reply answer_control(World &world, const std::string &verb, const Form &form, bool &quit)
{
    quit = false;
    if (verb == "approve")
        return decide_flow(world, form, {FlowState::approved, "", {}});
    if (verb == "decline")
        return decide_flow(world, form, {FlowState::declined, "", {}});
    if (verb == "block")
        return fail_flow(world, form, {"invalid_grant", 53003, "", ""});
    if (verb == "consent")
        return fail_flow(world, form, {"invalid_grant", 65001, "", ""});
    if (verb == "unassigned")
        return fail_flow(world, form, {"invalid_grant", 50105, "", ""});
    if (verb == "fail")
        return fail_as_ordered(world, form);
    if (verb == "state")
        return show_state(world);
    if (verb == "fault")
        return order_fault(world, form);
    if (verb == "secrets")
        return show_secrets(world);
    if (verb == "lifetime")
        return change_pace(world, form);
    if (verb == "rotate")
        return rotate_keys(world, form);
    if (verb == "register")
        return register_certificate(world, form);
    if (verb == "identity")
        return change_identity(world, form);
    if (auto reply = answer_pim_control(world, verb, form))
        return *std::move(reply);
    if (verb == "reset") {
        world.flows.clear();
        world.faults.clear();
        world.counters.clear();
        world.access_tokens.clear();
        world.graph_pages.clear();
        world.restore_pace();
        world.restore_directory();
        return say_done();
    }
    if (verb == "quit") {
        quit = true;
        return say_done();
    }
    return complain(404, "no such verb");
}

} // namespace jit::entra
