// What comes before anybody signs in: the helper's trial of a role with limits. And roles for which
// nobody has to.
#include "tests/unit/cmocka_cpp.h"

#include <functional>

#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

World limited()
{
    World world;
    world.facts.is_limited = true;
    world.policy.roles[0].limits.per_day = seconds{3600};
    return world;
}

World unattended()
{
    World world;
    world.facts.is_unattended = true;
    world.policy.roles[0].approval.mode = policy::Approval::Mode::none;
    return world;
}

std::string rule_of(const Actions &actions)
{
    for (auto action = actions.rbegin(); action != actions.rend(); ++action)
        if (const auto *record = std::get_if<WriteRecord>(&*action))
            return record->record.rule;
    return {};
}

std::string message_of(const Actions &actions)
{
    const auto *close = actions.empty() ? nullptr : std::get_if<Close>(&actions.back());
    return close != nullptr ? close->message : "";
}

// --- trials --------------------------------------------------------------------------------------

void a_role_with_limits_is_tried_before_the_provider_is_asked(void **)
{
    const World world = limited();
    Session session{world.facts};
    assert_text(shape_of(session.start()), "record:requested wake trial");
    assert_text(shape_of(session.on_tried(seconds{3600})), "find-party");
    assert_int_equal(session.facts().duration.count(), 3600);
    assert_text(shape_of(session.on_party(world.party(), flow_id, boot_at(1))), "http");

    World plain;
    plain.facts.is_limited = false;
    Session untried{plain.facts};
    assert_text(shape_of(untried.start()), "record:requested wake find-party");
    // Whom the sign-in has yet to find has had nothing that could be counted.
    World nobody = limited();
    nobody.facts.oid.clear();
    nobody.facts.upn = "alice@contoso.example";
    Session unknown{nobody.facts};
    assert_text(shape_of(unknown.start()), "record:requested wake find-party");
}

void a_trial_that_leaves_less_makes_the_request_one_for_less(void **)
{
    const World world = limited();
    Session less{world.facts};
    (void)less.start();
    (void)less.on_tried(seconds{600});
    assert_int_equal(less.facts().duration.count(), 600);
    // Never one for more.
    Session more{world.facts};
    (void)more.start();
    (void)more.on_tried(seconds{7200});
    assert_int_equal(more.facts().duration.count(), 3600);
}

void what_a_trial_left_is_what_is_asked_for_in_the_end(void **)
{
    const World world = limited();
    Session session{world.facts};
    (void)session.start();
    (void)session.on_tried(seconds{600});
    (void)session.on_party(world.party(), flow_id, boot_at(1));
    (void)session.on_reply(
        reply_of(R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":600,"interval":5,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(2));
    (void)session.on_time(boot_at(7));
    (void)session.on_reply(reply_of("{\"id_token\":\"" + world.token("entra") + "\"}"), boot_at(8));
    assert_text(shape_of(session.on_keys(world.keys, world.rules(), world.now)),
                "record:signed-in grant:approved");
    assert_int_equal(session.facts().duration.count(), 600);
}

void a_trial_that_is_refused_ends_the_request_before_anybody_signs_in(void **)
{
    const World world = limited();
    struct Row {
        ipc::Cause cause;
        const char *shape;
        const char *rule;
    };
    for (const Row &row : std::initializer_list<Row>{
             {ipc::Cause::refused, "record:denied close:refused", "refused"},
             {ipc::Cause::failed, "record:denied close:failed", "failed"},
             {ipc::Cause::policy_changed, "record:denied close:policy-changed", "policy-changed"},
         }) {
        Session session{world.facts};
        (void)session.start();
        const Actions closed = session.on_trial_failed(row.cause, "that is used up");
        assert_text(shape_of(closed), row.shape);
        assert_text(rule_of(closed), row.rule);
        assert_text(message_of(closed), "that is used up");
        assert_true(session.is_closed());
        assert_true(session.on_tried(seconds{60}).empty());
    }
}

void who_goes_during_the_trial_is_cancelled_at_once(void **)
{
    const World world = limited();
    Session session{world.facts};
    (void)session.start();
    assert_text(shape_of(session.cancel(ipc::Cause::cancelled, "gone")),
                "record:cancelled close:cancelled");
    // The answer comes to nobody.
    assert_true(session.on_tried(seconds{60}).empty());
    assert_true(session.on_trial_failed(ipc::Cause::refused, "no").empty());
    assert_true(session.is_closed());

    Session late{world.facts};
    (void)late.start();
    assert_text(shape_of(late.on_time(boot_at(3))), "wake");
    assert_text(shape_of(late.on_time(boot_at(900))), "record:timed-out close:timed-out");
    assert_true(late.on_tried(seconds{60}).empty());
}

void during_a_trial_nothing_else_is_an_answer(void **)
{
    const World world = limited();
    Session session{world.facts};
    (void)session.start();
    assert_true(session.start().empty());
    assert_true(session.on_party(world.party(), flow_id, boot_at(1)).empty());
    assert_true(session.on_provider_failed(oidc::Failure::broken, "").empty());
    assert_true(session.on_reply(reply_of("{}"), boot_at(1)).empty());
    assert_true(session.hurry(boot_at(1)).empty());
    assert_true(session.on_keys(world.keys, world.rules(), world.now).empty());
    assert_true(session.on_pinned(true, world.rules()).empty());
    assert_true(session.on_rules(world.rules()).empty());
    assert_true(session.on_granted(world.now, world.now + seconds{60}, {}).empty());
    assert_true(session.on_recorded(true).empty());
    assert_true(session.on_grant_failed(ipc::Cause::failed, "no").empty());
    assert_false(session.is_closed() || session.is_granting() || session.is_leaving());
    assert_text(shape_of(session.on_tried(seconds{60})), "find-party");
}

void the_answer_of_a_trial_is_one_only_during_it(void **)
{
    const World world;
    for (const Stage stage :
         {Stage::idle, Stage::finding_party, Stage::asking_code, Stage::waiting, Stage::polling,
          Stage::judging, Stage::granting, Stage::recording, Stage::closed}) {
        Session session = walk(world, stage);
        const bool was_closed = session.is_closed();
        assert_true(session.on_tried(seconds{60}).empty());
        assert_true(session.on_trial_failed(ipc::Cause::refused, "no").empty());
        assert_true(session.is_closed() == was_closed);
        assert_int_equal(session.facts().duration.count(), 3600);
    }
}

// --- nobody signs in -----------------------------------------------------------------------------

void for_a_role_without_approval_no_provider_is_asked(void **)
{
    const World world = unattended();
    Session session{world.facts};
    assert_text(shape_of(session.start()), "record:requested wake rules");
    const Actions approved = session.on_rules(world.rules());
    assert_text(shape_of(approved), "grant:approved");
    const AuditRecord &record = *std::get<AskGrant>(approved.back()).approved;
    assert_text(record.rule, "auto");
    assert_text(record.approver_oid, "");
    assert_text(record.oid, alice_oid);
    assert_text(record.message, "role web needs nobody's approval");
    const Actions granted = session.on_granted(world.now, world.now + seconds{3600}, {"jit-web"});
    assert_text(shape_of(granted), "record-grant");
    const AuditRecord &kept = std::get<RecordGrant>(granted.back()).record;
    assert_text(kept.rule, "auto");
    assert_text(kept.approver_oid, "");
    assert_text(kept.correlation, "");
    assert_true(kept.has_grant && kept.event == Event::granted);
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
    assert_false(session.code().has_value());

    // With a sign-in, neither is said.
    Session attended = walk(World{}, Stage::granting);
    const World plain;
    const Actions own = attended.on_granted(plain.now, plain.now + seconds{60}, {"jit-web"});
    assert_text(std::get<RecordGrant>(own.back()).record.rule, "");
    assert_text(std::get<RecordGrant>(own.back()).record.approver_oid, alice_oid);
}

void a_role_without_approval_is_tried_as_well(void **)
{
    World world = unattended();
    world.facts.is_limited = true;
    Session session{world.facts};
    assert_text(shape_of(session.start()), "record:requested wake trial");
    assert_text(shape_of(session.on_tried(seconds{600})), "rules");
    assert_text(shape_of(session.on_rules(world.rules())), "grant:approved");
    assert_int_equal(session.facts().duration.count(), 600);

    Session refused{world.facts};
    (void)refused.start();
    assert_text(shape_of(refused.on_trial_failed(ipc::Cause::refused, "used up")),
                "record:denied close:refused");
}

void without_a_sign_in_the_policy_still_decides(void **)
{
    struct Row {
        const char *why;
        std::function<void(World &)> change;
        const char *shape;
        const char *rule;
    };
    const char *const refused = "record:denied close:refused";
    const char *const changed = "record:denied close:policy-changed";
    const Row rows[] = {
        {"another requester", [](World &w) { w.policy.roles[0].requesters[0].value = "user-x"; },
         refused, "not-requester"},
        {"another host",
         [](World &w) {
             w.policy.roles[0].hosts = {{false, "db*"}};
         },
         refused, "wrong-host"},
        {"nobody known", [](World &w) { w.facts.oid.clear(); }, refused, "no-person"},
        {"closed", [](World &w) { w.policy.roles[0].conditions.hours.emplace_back(); }, refused,
         "hours"},
        {"no terminal",
         [](World &w) {
             w.policy.roles[0].conditions.tty = true;
             w.facts.origin.tty.clear();
         },
         refused, "tty"},
        {"no reason",
         [](World &w) {
             w.policy.roles[0].justification.required = true;
             w.facts.reason.reset();
         },
         refused, "reason-missing"},
        {"found by name, and not confirmed",
         [](World &w) {
             w.policy.roles[0].allow_root_equivalent = true;
             w.facts.upn = "alice@contoso.example";
         },
         refused, "not-vouched"},
        {"the role is gone", [](World &w) { w.policy.roles.clear(); }, changed, "unknown-role"},
    };
    for (const Row &row : rows) {
        World world = unattended();
        row.change(world);
        Session session{world.facts};
        (void)session.start();
        const Actions closed = session.on_rules(world.rules());
        if (shape_of(closed) != row.shape || rule_of(closed) != row.rule)
            print_error("%s\n", row.why);
        assert_text(shape_of(closed), row.shape);
        assert_text(rule_of(closed), row.rule);
    }
    // By the map she is vouched for.
    World world = unattended();
    world.policy.roles[0].allow_root_equivalent = true;
    Session session{world.facts};
    (void)session.start();
    assert_text(shape_of(session.on_rules(world.rules())), "grant:approved");
}

void regress_a_role_that_wants_a_sign_in_by_now_is_not_granted_without_one(void **)
{
    World world = unattended();
    Session session{world.facts};
    (void)session.start();
    world.policy.roles[0].approval.mode = policy::Approval::Mode::self;
    const Actions closed = session.on_rules(world.rules());
    assert_text(shape_of(closed), "record:denied close:policy-changed");
    assert_true(session.is_closed());
}

void who_signed_in_for_a_role_that_needs_nobody_by_now_has_it(void **)
{
    World world;
    Session session = walk(world, Stage::judging);
    world.policy.roles[0].approval.mode = policy::Approval::Mode::none;
    const Actions approved = session.on_keys(world.keys, world.rules(), world.now);
    assert_text(shape_of(approved), "record:signed-in grant:approved");
    assert_text(std::get<AskGrant>(approved.back()).approved->rule, "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_role_with_limits_is_tried_before_the_provider_is_asked),
        cmocka_unit_test(a_trial_that_leaves_less_makes_the_request_one_for_less),
        cmocka_unit_test(what_a_trial_left_is_what_is_asked_for_in_the_end),
        cmocka_unit_test(a_trial_that_is_refused_ends_the_request_before_anybody_signs_in),
        cmocka_unit_test(who_goes_during_the_trial_is_cancelled_at_once),
        cmocka_unit_test(during_a_trial_nothing_else_is_an_answer),
        cmocka_unit_test(the_answer_of_a_trial_is_one_only_during_it),
        cmocka_unit_test(for_a_role_without_approval_no_provider_is_asked),
        cmocka_unit_test(a_role_without_approval_is_tried_as_well),
        cmocka_unit_test(without_a_sign_in_the_policy_still_decides),
        cmocka_unit_test(regress_a_role_that_wants_a_sign_in_by_now_is_not_granted_without_one),
        cmocka_unit_test(who_signed_in_for_a_role_that_needs_nobody_by_now_has_it),
    };
    return cmocka_run_group_tests_name("jitd/session_trial", tests, nullptr, nullptr);
}
