// Mode pim: the requester's sign-in activates his membership in Entra, and what comes of that.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/words.h"
#include "lib/oidc/claims_request.h"
#include "tests/unit/jitd/session_script.h"
#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

constexpr const char *group = oidc::pim_group;
constexpr const char *other = oidc::pim_other;

// Alice is in the map.
const policy::Config &mapped()
{
    static const policy::Config made = [] {
        policy::Config config;
        config.users = {{"alice", alice_oid}};
        return config;
    }();
    return made;
}

World pim_world()
{
    World world;
    world.config = &mapped();
    world.expected.scopes = {"openid", "https://graph.microsoft.com/x"};
    policy::Approval &approval = world.policy.roles.front().approval;
    approval.mode = policy::Approval::Mode::pim;
    approval.pim_group = group;
    world.facts.mode = policy::Approval::Mode::pim;
    world.facts.entra.fill().group = group;
    world.facts.auth_context.clear();
    return world;
}

std::string eligibility()
{
    return oidc::pim_list({oidc::pim_eligibility(group, alice_oid)});
}

std::string instance(const World &world, seconds left, const char *whose = alice_oid,
                     const char *of = group)
{
    return oidc::pim_list({oidc::pim_instance(format_time(world.now + left), of, whose)});
}

std::string answer(const World &world, std::string_view status, const char *whose = alice_oid,
                   const char *of = group)
{
    return oidc::pim_answer(status, oidc::pim_request, of, whose, format_time(world.now));
}

// What is asked of Graph, by the end of the address.
std::string asked(const Actions &actions)
{
    for (const Action &action : actions)
        if (const auto *send = std::get_if<SendHttp>(&action)) {
            const std::string &url = send->request.url;
            const bool is_post = send->request.method == oidc::HttpRequest::Method::post;
            const auto has = [&](const char *part) { return url.find(part) != std::string::npos; };
            if (has("/cancel"))
                return "cancel";
            if (has("eligibilitySchedule"))
                return "eligibility";
            if (has("roleManagementPolicy"))
                return "policy";
            if (has("assignmentScheduleInstances"))
                return "instances";
            if (has("filterByCurrentUser"))
                return "requests";
            return is_post ? "post" : "poll";
        }
    return "nothing";
}

std::string message_of(const Actions &actions)
{
    const auto *close = actions.empty() ? nullptr : std::get_if<Close>(&actions.back());
    return close != nullptr ? close->message : "";
}

BootTime wake_of(const Actions &actions)
{
    BootTime at{};
    for (const Action &action : actions)
        if (const auto *wake = std::get_if<WakeAt>(&action))
            at = wake->at;
    return at;
}

// Signed in; Graph is asked for the first thing.
Session signed_in(const World &world, Actions *actions = nullptr)
{
    Session session = walk(world, Stage::judging);
    Actions begun = session.on_keys(world.keys, world.rules(), world.now);
    if (actions != nullptr)
        *actions = std::move(begun);
    return session;
}

Actions tell(Session &session, std::string_view body, long status = 200, int second = 11)
{
    return session.on_reply(reply_of(body, status), boot_at(second));
}

// Up to the POST.
Actions ask(Session &session, const std::string &rules = oidc::pim_list({}))
{
    assert_text(asked(tell(session, eligibility())), "policy");
    assert_text(asked(tell(session, rules)), "instances");
    assert_text(asked(tell(session, oidc::pim_list({}))), "requests");
    return tell(session, oidc::pim_list({}));
}

std::string context_policy()
{
    return oidc::pim_policy(R"({"id":"AuthenticationContext_EndUser_Assignment","isEnabled":true,)"
                            R"("claimValue":"c2"})",
                            group);
}

void an_activation_is_asked_for_and_the_grant_lasts_no_longer(void **)
{
    const World world = pim_world();
    Actions actions;
    Session session = signed_in(world, &actions);
    assert_text(shape_of(actions), "record:signed-in await wake http");
    assert_text(asked(actions), "eligibility");
    assert_true(session.is_approving());
    assert_true(session.waits_for().find(group) != std::string::npos);

    actions = ask(session);
    assert_text(asked(actions), "post");
    const std::string &json = std::get<SendHttp>(actions.front()).request.json;
    for (const char *part : {group, alice_oid, "INC-1", "PT1H", "selfActivate"})
        assert_true(json.find(part) != std::string::npos);
    assert_text(asked(tell(session, answer(world, "Provisioned"), 201)), "instances");
    actions = tell(session, instance(world, seconds{1800}));
    assert_text(shape_of(actions), "await rules wake");
    const auto &record = std::get<Await>(actions.front()).record;
    assert_true(record.has_value());
    assert_text(name_of(record->event), "approved");
    assert_text(record->approver_oid, alice_oid);
    assert_text(session.awaited()->activation, oidc::pim_request);
    assert_text(shape_of(session.on_rules(world.rules())), "grant:");
    assert_int_equal(session.facts().duration.count(), 1800);
    assert_true(session.awaited()->until == world.now + seconds{1800});
    (void)session.on_granted(world.now, world.now + seconds{1798}, {"jit-web"});
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
    const auto activator = session.take_activator();
    assert_non_null(activator.get());
    assert_text(activator->token.reveal(), "graph-at");
    assert_text(activator->group, group);
    assert_text(activator->oid, alice_oid);
    assert_null(session.take_activation().get());
}

void a_clock_that_is_set_meanwhile_counts_at_once(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    assert_text(asked(tell(session, answer(world, "Provisioned"), 201)), "instances");
    const WallTime deadline = session.facts().deadline_wall;
    session.note_clocks({world.now + seconds{2}, boot_at(12)});
    assert_true(session.facts().deadline_wall == deadline); // as it went on by itself
    session.note_clocks({world.now - seconds{3600}, boot_at(11)});
    assert_true(session.facts().deadline_wall < deadline - seconds{3590});
    session.note_clocks({world.now + seconds{3601}, boot_at(11)});
    assert_true(session.facts().deadline_wall == deadline + seconds{3600});
    // It was over half an hour ago.
    assert_text(shape_of(tell(session, instance(world, seconds{1800}))),
                "record:provider-error record:denied close:broken");
}

void what_is_waited_for_in_entra_is_said_once(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    Actions actions = tell(session, answer(world, "PendingApproval"), 201);
    assert_text(shape_of(actions), "await wake");
    assert_true(session.waits_for().find("waits for approval in Entra") == 0);
    const BootTime at = wake_of(actions);
    assert_text(asked(session.on_time(at)), "poll");
    assert_text(shape_of(tell(session, answer(world, "PendingApproval"), 200, 14)), "wake");
    // Enter: at once, but not within two seconds of the last answer.
    assert_text(shape_of(session.hurry(boot_at(15))), "wake");
    assert_text(asked(session.hurry(boot_at(16))), "poll");
    assert_text(shape_of(session.hurry(boot_at(16))), "wake");
    actions = tell(session, answer(world, "PendingProvisioning"), 200, 17);
    assert_text(shape_of(actions), "await wake");
    assert_text(session.waits_for(), words::entra_carries_out);
}

void what_entra_refuses_ends_it_with_one_line_of_advice(void **)
{
    struct Case {
        const char *status;
        const char *shape;
    };
    const World world = pim_world();
    for (const Case &one : {Case{"Denied", "record:denied close:declined"},
                            Case{"Failed", "record:denied close:blocked"},
                            Case{"Canceled", "record:denied close:declined"}}) {
        Session session = signed_in(world);
        (void)ask(session);
        const Actions actions = tell(session, answer(world, one.status), 201);
        assert_text(shape_of(actions), one.shape);
        assert_true(message_of(actions).find("the group was not activated in Entra: ") == 0);
        assert_null(session.take_activation().get());
        assert_null(session.take_activator().get());
    }
    for (const char *rule : {"JustificationRule", "TicketingRule", "ExpirationRule"}) {
        Session session = signed_in(world);
        (void)ask(session);
        const Actions actions =
            tell(session,
                 oidc::pim_error("RoleAssignmentRequestPolicyValidationFailed",
                                 R"(these failed: [\")" + std::string{rule} + R"(\"])"),
                 400);
        assert_text(shape_of(actions), "record:denied close:blocked");
        assert_true(message_of(actions).find("Run it again") != std::string::npos);
        assert_true(message_of(actions).find("aaaaaaaa-0000-4000-8000-000000000001") !=
                    std::string::npos);
    }
    Session stranger = signed_in(world);
    assert_true(message_of(tell(stranger, oidc::pim_list({}))).find("not eligible") !=
                std::string::npos);
}

void answers_about_others_grant_nothing(void **)
{
    const World world = pim_world();
    for (const auto &[whose, of] : {std::pair{alice_oid, other}, {other, group}}) {
        Session posted = signed_in(world);
        (void)ask(posted);
        assert_true(shape_of(tell(posted, answer(world, "Provisioned", whose, of), 201))
                        .ends_with("close:broken"));
        Session listed = signed_in(world);
        (void)ask(listed);
        (void)tell(listed, answer(world, "Provisioned"), 201);
        const Actions actions = tell(listed, instance(world, seconds{1800}, whose, of));
        assert_true(actions.empty() || !std::holds_alternative<AskRules>(actions.back()));
        assert_false(listed.awaited()->is_met);
    }
}

void what_runs_already_is_accepted_until_its_end(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)tell(session, eligibility());
    (void)tell(session, oidc::pim_list({}));
    assert_text(shape_of(tell(session, instance(world, seconds{600}))), "await rules wake");
    assert_text(session.awaited()->activation, "-");
    assert_text(shape_of(session.on_rules(world.rules())), "grant:");
    assert_int_equal(session.facts().duration.count(), 600);
    // It was not made for this: who goes now does not take it away.
    (void)session.cancel(ipc::Cause::cancelled, "gone");
    (void)session.on_granted(world.now, world.now + seconds{600}, {});
    assert_true(session.is_closed());
    assert_null(session.take_activator().get());
}

void an_activation_is_known_by_its_schedule_whoever_has_made_it(void **)
{
    const World world = pim_world();
    std::string listed =
        oidc::pim_instance(format_time(world.now + seconds{600}), group, alice_oid);
    listed.insert(listed.size() - 1, R"(,"assignmentScheduleId":"9A_member_S1")");
    Session there = signed_in(world);
    (void)tell(there, eligibility());
    (void)tell(there, oidc::pim_list({}));
    assert_text(shape_of(tell(there, oidc::pim_list({listed}))), "await rules wake");
    assert_text(there.awaited()->activation, "9a_member_s1");
    Session exists = signed_in(world);
    (void)ask(exists);
    (void)tell(exists, oidc::pim_error("RoleAssignmentExists"), 400);
    (void)tell(exists, oidc::pim_list({listed}));
    assert_text(exists.awaited()->activation, "9a_member_s1");
    Session made = signed_in(world);
    (void)ask(made);
    (void)tell(made, answer(world, "Provisioned"), 201);
    (void)tell(made, oidc::pim_list({listed}));
    assert_text(made.awaited()->activation, "9a_member_s1");
}

void what_would_outlive_the_activation_is_taken_back(void **)
{
    const World world = pim_world();
    for (const int late : {0, 1}) {
        Session session = signed_in(world);
        (void)ask(session);
        (void)tell(session, answer(world, "Provisioned"), 201);
        (void)tell(session, instance(world, seconds{1800}));
        (void)session.on_rules(world.rules());
        assert_text(shape_of(session.on_granted(world.now + seconds{late},
                                                world.now + seconds{1800 + late}, {"jit-web"})),
                    late == 0 ? "record-grant" : "take-back record:timed-out close:expired");
    }
}

void who_goes_while_it_is_granted_gives_back_what_was_made_for_him(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    (void)tell(session, answer(world, "Provisioned"), 201);
    (void)tell(session, instance(world, seconds{1800}));
    (void)session.on_rules(world.rules());
    (void)session.cancel(ipc::Cause::cancelled, "gone");
    (void)session.on_granted(world.now, world.now + seconds{600}, {});
    assert_non_null(session.take_activator().get());
}

void who_cancels_leaves_the_activation_to_be_taken_back(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    (void)tell(session, answer(world, "PendingApproval"), 201);
    assert_text(shape_of(session.cancel(ipc::Cause::cancelled, "gone")),
                "record:cancelled close:cancelled");
    const auto left = session.take_activation();
    assert_non_null(left.get());
    const oidc::PimStep step = left->cancel({world.now, boot_at(20)});
    assert_true(std::get<oidc::SendRequest>(step).request.url.ends_with("/cancel"));
    assert_null(session.take_activator().get());
    assert_true(session.on_reply(reply_of("{}"), boot_at(21)).empty());
}

// One that found the request of another terminal's in Entra, and waits for it.
Session joined(const World &world)
{
    Session session = signed_in(world);
    (void)tell(session, eligibility());
    (void)tell(session, oidc::pim_list({}));
    (void)tell(session, oidc::pim_list({}));
    (void)tell(session, oidc::pim_list({answer(world, "PendingApproval")}));
    return session;
}

void who_goes_leaves_what_another_waits_for_in_entra(void **)
{
    const World world = pim_world();
    Session first = signed_in(world);
    Session second = joined(world);
    assert_true(second.shares_activation(first) && first.shares_activation(second));
    assert_false(first.shares_activation(first));
    // Whoever goes last takes back what one of them has made; else it stays.
    const auto takes_back = [&](Session session) {
        (void)session.cancel(ipc::Cause::cancelled, "gone");
        const auto left = session.take_activation();
        return std::holds_alternative<oidc::SendRequest>(left->cancel({world.now, boot_at(20)}));
    };
    assert_false(takes_back(joined(world)));
    second.inherit_activation();
    assert_true(takes_back(std::move(second)));
    // So does one that goes on after the end of the other, with what has come of it.
    for (const bool is_heir : {true, false}) {
        Session held = signed_in(world);
        if (is_heir)
            held.inherit_activation();
        (void)tell(held, eligibility());
        (void)tell(held, oidc::pim_list({}));
        (void)tell(held, instance(world, seconds{600}));
        assert_true(held.shares_activation(first));
        (void)held.cancel(ipc::Cause::cancelled, "gone");
        assert_int_equal(held.take_activator() != nullptr, is_heir);
        assert_false(held.shares_activation(first)); // it is over
    }
    // Who has yet to sign in, or has to once more, has asked Entra for nothing.
    assert_false(walk(world, Stage::judging).shares_activation(first));
    Session demanded = signed_in(world);
    (void)ask(demanded, context_policy());
    assert_false(demanded.shares_activation(first));
    World elsewhere = pim_world();
    elsewhere.facts.entra.fill().group = elsewhere.policy.roles.front().approval.pim_group = other;
    assert_false(signed_in(elsewhere).shares_activation(first));
}

void what_came_for_a_grant_that_has_ended_is_given_back(void **)
{
    World world = pim_world();
    world.facts.extends = "00000000000000ee";
    for (const bool was_there : {false, true}) {
        Session session = signed_in(world);
        if (was_there) {
            (void)tell(session, eligibility());
            (void)tell(session, oidc::pim_list({}));
            (void)tell(session, instance(world, seconds{3000}));
        } else {
            (void)ask(session);
            (void)tell(session, answer(world, "Provisioned"), 201);
            (void)tell(session, instance(world, seconds{3000}));
        }
        assert_text(shape_of(session.on_rules(world.rules())), "grant:");
        assert_text(shape_of(session.on_grant_failed(ipc::Cause::expired, "no live grant")),
                    "record:timed-out close:expired");
        assert_true((session.take_activator() == nullptr) == was_there);
    }
    // One that is still asked for is taken back.
    Session asking = signed_in(world);
    (void)ask(asking);
    (void)tell(asking, answer(world, "PendingApproval"), 201);
    (void)asking.cancel(ipc::Cause::expired, "no live grant");
    assert_non_null(asking.take_activation().get());
}

void what_is_not_approved_in_time_stays_in_entra_for_the_next_run(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    (void)tell(session, answer(world, "PendingApproval"), 201);
    const Actions late = session.on_time(world.boot + seconds{900});
    assert_text(shape_of(late), "record:timed-out close:timed-out");
    assert_true(message_of(late).find("run it again") != std::string::npos);
    assert_null(session.take_activation().get());

    Session stopped = signed_in(world);
    (void)ask(stopped);
    (void)tell(stopped, answer(world, "PendingApproval"), 201);
    assert_text(shape_of(stopped.cancel(ipc::Cause::timed_out, "stopped")),
                "record:timed-out close:timed-out");
    assert_null(stopped.take_activation().get());
}

std::string form_of(const Actions &actions)
{
    for (const Action &action : actions)
        if (const auto *send = std::get_if<SendHttp>(&action))
            return std::string{send->request.form.reveal()};
    return {};
}

bool has(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

void a_token_for_pim_says_that_we_understand_challenges(void **)
{
    World world = pim_world();
    Session session = walk(world, Stage::idle);
    const Actions begun = session.start();
    assert_true(std::get<FindParty>(begun.back()).purpose == Purpose::activation);
    const std::string first = form_of(session.on_party(world.party(), flow_id, boot_at(1)));
    assert_true(has(first, "cp1"));
    assert_false(has(first, "c2"));
    // What another activation of the group is known to have needed is asked for at once.
    world.facts.entra.fill().claims = oidc::make_claims_request("c2", "");
    Session again = walk(world, Stage::finding_party);
    const std::string second = form_of(again.on_party(world.party(), flow_id, boot_at(1)));
    assert_true(has(second, "cp1"));
    assert_true(has(second, "c2"));
    world.facts.mode = policy::Approval::Mode::self;
    world.facts.entra.fill().claims.clear();
    Session self = walk(world, Stage::finding_party);
    assert_false(has(form_of(self.on_party(world.party(), flow_id, boot_at(1))), "cp1"));
}

// Signed in a second time, as was demanded.
void sign_in_again(Session &session, const World &world)
{
    assert_true(has(form_of(session.on_party(world.party(), flow_id, boot_at(20))), "c2"));
    const Actions shown = session.on_reply(
        reply_of(R"({"device_code":"dev2","user_code":"EFGH-1234","expires_in":600,"interval":5,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(21));
    assert_true(std::get<ShowCode>(shown.at(1)).is_again);
    (void)session.on_time(boot_at(27));
    (void)session.on_reply(
        reply_of("{\"access_token\":\"graph-2\",\"id_token\":\"" + world.token("entra") + "\"}"),
        boot_at(28));
    assert_text(asked(session.on_keys(world.keys, world.rules(), world.now)), "eligibility");
    assert_true(session.is_approving());
}

void more_proof_is_one_more_sign_in_and_no_third(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    Actions actions = ask(session, context_policy());
    assert_text(shape_of(actions), "wake find-party");
    assert_false(session.is_approving());
    assert_true(has(session.facts().entra->claims, "c2"));
    assert_null(session.awaited());
    sign_in_again(session, world);
    actions = ask(session, context_policy());
    assert_text(asked(actions), "post");
    assert_text(std::get<SendHttp>(actions.front()).request.bearer.reveal(), "graph-2");
    // Still not content: refused, and nobody is asked for ever.
    assert_text(shape_of(tell(session,
                              oidc::pim_error("RoleAssignmentRequestAcrsValidationFailed",
                                              R"(claims={\"access_token\":{\"acrs\":)"
                                              R"({\"essential\":true,\"value\":\"c2\"}}})"),
                              400)),
                "record:denied close:blocked");
}

void the_challenge_of_pim_itself_is_one_more_sign_in_too(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    const Actions actions =
        tell(session,
             oidc::pim_error("UnknownError", R"(claims={\"access_token\":{\"acrs\":)"
                                             R"({\"essential\":true,\"value\":\"c2\"}}})"),
             400);
    assert_text(shape_of(actions), "wake find-party");
    sign_in_again(session, world);
    (void)ask(session);
    assert_text(asked(tell(session, answer(world, "Provisioned"), 201)), "instances");
    assert_text(shape_of(tell(session, instance(world, seconds{1800}))), "await rules wake");
}

void a_policy_that_changed_meanwhile_grants_nothing(void **)
{
    World world = pim_world();
    Session session = signed_in(world);
    (void)ask(session);
    (void)tell(session, answer(world, "Provisioned"), 201);
    (void)tell(session, instance(world, seconds{1800}));
    world.policy.roles.front().approval.pim_group = other;
    assert_text(shape_of(session.on_rules(world.rules())), "record:denied close:policy-changed");
}

void a_login_that_comes_late_has_what_is_left(void **)
{
    World world = pim_world();
    world.facts.is_held = true;
    Session session = signed_in(world);
    (void)ask(session);
    (void)tell(session, answer(world, "Provisioned"), 201);
    (void)tell(session, instance(world, seconds{1800}));
    assert_text(shape_of(session.on_rules(world.rules())), "hold wake");
    world.now += seconds{1000};
    (void)session.claim();
    assert_text(shape_of(session.on_rules(world.rules())), "grant:");
    assert_int_equal(session.facts().duration.count(), 800);
}

void what_others_end_here_ends_it(void **)
{
    const World world = pim_world();
    Session session = signed_in(world);
    assert_text(shape_of(session.on_await_failed()), "record:denied close:failed");
    assert_non_null(session.take_activation().get());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_is_asked_for_and_the_grant_lasts_no_longer),
        cmocka_unit_test(a_clock_that_is_set_meanwhile_counts_at_once),
        cmocka_unit_test(what_is_waited_for_in_entra_is_said_once),
        cmocka_unit_test(what_entra_refuses_ends_it_with_one_line_of_advice),
        cmocka_unit_test(answers_about_others_grant_nothing),
        cmocka_unit_test(what_runs_already_is_accepted_until_its_end),
        cmocka_unit_test(an_activation_is_known_by_its_schedule_whoever_has_made_it),
        cmocka_unit_test(what_would_outlive_the_activation_is_taken_back),
        cmocka_unit_test(who_goes_while_it_is_granted_gives_back_what_was_made_for_him),
        cmocka_unit_test(who_cancels_leaves_the_activation_to_be_taken_back),
        cmocka_unit_test(who_goes_leaves_what_another_waits_for_in_entra),
        cmocka_unit_test(what_came_for_a_grant_that_has_ended_is_given_back),
        cmocka_unit_test(what_is_not_approved_in_time_stays_in_entra_for_the_next_run),
        cmocka_unit_test(a_token_for_pim_says_that_we_understand_challenges),
        cmocka_unit_test(more_proof_is_one_more_sign_in_and_no_third),
        cmocka_unit_test(the_challenge_of_pim_itself_is_one_more_sign_in_too),
        cmocka_unit_test(a_policy_that_changed_meanwhile_grants_nothing),
        cmocka_unit_test(a_login_that_comes_late_has_what_is_left),
        cmocka_unit_test(what_others_end_here_ends_it),
    };
    return cmocka_run_group_tests_name("jitd/session_pim", tests, nullptr, nullptr);
}
