// A request that others approve: who counts, what takes that away again, and every way in which it
// ends without a grant.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/words.h"
#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

constexpr const char *bob_oid = "b0b00000-0000-4000-8000-000000000004";
constexpr const char *carol_oid = "ca701000-0000-4000-8000-000000000005";
constexpr const char *dave_oid = "da7e0000-0000-4000-8000-000000000006";
constexpr const char *some_group = "9a000000-0000-4000-8000-000000000250";

policy::Approver person(const char *oid)
{
    return {policy::Approver::Kind::user, oid};
}

const policy::Config &mapped()
{
    static const policy::Config config = [] {
        policy::Config made;
        made.users.emplace("alice", alice_oid);
        return made;
    }();
    return config;
}

World approved_by(std::vector<policy::Approver> approvers, unsigned quorum = 1)
{
    World world;
    world.config = &mapped();
    policy::Approval &approval = world.policy.roles[0].approval;
    approval.mode = policy::Approval::Mode::approver;
    approval.approvers = std::move(approvers);
    approval.quorum = quorum;
    approval.timeout = 2h;
    world.facts.mode = approval.mode;
    return world;
}

policy::Role &role_of(World &world)
{
    return world.policy.roles[0];
}

GivenApproval yes_of(const char *oid, std::vector<std::string> groups = {})
{
    return {oid, std::string{oid}.substr(0, 3), std::move(groups), WallTime{1s}};
}

// The requester has signed in; others have not.
Session waiting_for_others(const World &world)
{
    Session session = walk(world, Stage::granting);
    assert_true(session.is_approving());
    return session;
}

std::string approve(Session &session, const World &world, const GivenApproval &given)
{
    return shape_of(session.on_approval(given, world.rules()));
}

const AuditRecord &last_record(const Actions &actions)
{
    for (auto action = actions.rbegin(); action != actions.rend(); ++action)
        if (const auto *record = std::get_if<WriteRecord>(&*action))
            return record->record;
    _fail(__FILE__, __LINE__);
    abort();
}

std::string message_of(const Actions &actions)
{
    const auto *close = actions.empty() ? nullptr : std::get_if<Close>(&actions.back());
    return close != nullptr ? close->message : "";
}

void waiting_for_others_begins_after_the_sign_in_and_has_a_deadline_of_its_own(void **)
{
    World world = approved_by({person(bob_oid)});
    world.facts.deadline = boot_at(300);
    world.facts.deadline_wall = world.now + 240s;
    world.boot = boot_at(250);
    Session session = walk(world, Stage::judging);
    assert_null(session.awaited());
    const Actions judged = session.on_keys(world.keys, world.rules(), world.now);
    assert_text(shape_of(judged), "record:signed-in await wake");
    // Its row says that it waits; nothing is approved by the requester's own sign-in.
    assert_false(std::get<Await>(judged[1]).record.has_value());
    assert_true(std::get<WakeAt>(judged[2]).at == boot_at(250) + 2h);
    assert_true(session.facts().deadline == boot_at(250) + 2h);
    assert_true(session.facts().deadline_wall == world.now + 2h);
    assert_true(session.is_approving());
    assert_false(session.is_approved());
    assert_false(session.code().has_value());
    assert_true(session.awaited()->given.empty());
    assert_text(shape_of(session.on_time(boot_at(300))), "wake");
}

void one_who_may_is_enough_where_one_is_asked_for(void **)
{
    const World world = approved_by({person(bob_oid), person(carol_oid)});
    Session session = waiting_for_others(world);
    const Actions said = session.on_approval(yes_of(bob_oid), world.rules());
    assert_text(shape_of(said), "await rules");
    const AuditRecord &approved = *std::get<Await>(said[0]).record;
    assert_true(approved.event == Event::approved);
    assert_text(approved.approver_oid, bob_oid);
    assert_text(approved.oid, alice_oid);
    assert_text(approved.user, "alice");
    assert_text(approved.message, "b0b's own sign-in approves role web for alice, 1 of 1");
    const Actions granting = session.on_rules(world.rules());
    assert_text(shape_of(granting), "grant:"); // the approval has its record already
    assert_text(std::get<AskGrant>(granting[0]).approvers, bob_oid);
    const Actions granted = session.on_granted(world.now, world.now + 1h, {"jit-web"});
    assert_text(std::get<RecordGrant>(granted[0]).record.approver_oid, bob_oid);
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
}

void who_counts_and_how_often(void **)
{
    const std::vector<policy::Approver> three{person(bob_oid), person(carol_oid), person(dave_oid)};
    const std::vector<policy::Approver> with_group{person(bob_oid),
                                                   {policy::Approver::Kind::group, some_group}};
    const struct {
        const char *name;
        std::vector<policy::Approver> approvers;
        std::vector<GivenApproval> given;
        const char *last; // what the last of them brings
        const char *approvers_named;
    } rows[] = {
        {"two of three",
         three,
         {yes_of(carol_oid), yes_of(dave_oid)},
         "await rules",
         "ca701000-0000-4000-8000-000000000005 da7e0000-0000-4000-8000-000000000006"},
        {"one of them twice", three, {yes_of(bob_oid), yes_of(bob_oid)}, "await", ""},
        {"one twice, then another",
         three,
         {yes_of(bob_oid), yes_of(bob_oid), yes_of(carol_oid)},
         "await rules",
         "b0b00000-0000-4000-8000-000000000004 ca701000-0000-4000-8000-000000000005"},
        {"the requester himself", three, {yes_of(bob_oid), yes_of(alice_oid)}, "await", ""},
        {"somebody who is not in the list",
         three,
         {yes_of(bob_oid), yes_of("0dd00000-0000-4000-8000-000000000007")},
         "await",
         ""},
        {"by a group",
         with_group,
         {yes_of(bob_oid), yes_of(carol_oid, {some_group})},
         "await rules",
         "b0b00000-0000-4000-8000-000000000004 ca701000-0000-4000-8000-000000000005"},
        {"by another group", with_group, {yes_of(bob_oid), yes_of(carol_oid, {"g"})}, "await", ""},
    };
    for (const auto &row : rows) {
        const World world = approved_by(row.approvers, 2);
        Session session = waiting_for_others(world);
        std::string last;
        for (const GivenApproval &one : row.given)
            last = approve(session, world, one);
        assert_text(last, row.last);
        assert_true(session.is_approving() == (last == "await"));
        if (last == "await")
            continue;
        const Actions granting = session.on_rules(world.rules());
        assert_text(shape_of(granting), "grant:");
        assert_text(std::get<AskGrant>(granting[0]).approvers, row.approvers_named);
    }
}

void no_more_are_kept_than_a_quorum_may_be_of(void **)
{
    const World world = approved_by({person(bob_oid)});
    Session session = waiting_for_others(world);
    for (int i = 0; i < 100; ++i)
        assert_text(approve(session, world, yes_of(("stranger" + std::to_string(i)).c_str())),
                    "await");
    assert_int_equal(session.awaited()->given.size(), 32);
}

// What the policy of now says when it is asked.
struct Change {
    const char *name;
    void (*apply)(World &);
    const char *shape;
    const char *rule;
};

const Change changes[] = {
    {"nothing", [](World &) {}, "grant:", ""},
    {"an approver is taken away",
     [](World &world) { role_of(world).approval.approvers = {person(carol_oid)}; },
     "record:denied close:policy-changed", "approvers-gone"},
    {"more of them are asked for",
     [](World &world) {
         role_of(world).approval.approvers.push_back(person(carol_oid));
         role_of(world).approval.quorum = 2;
     },
     "record:denied close:policy-changed", "approvers-gone"},
    {"the role is removed", [](World &world) { world.policy.roles.clear(); },
     "record:denied close:policy-changed", "unknown-role"},
    {"the mode is another",
     [](World &world) { role_of(world).approval.mode = policy::Approval::Mode::self; },
     "record:denied close:policy-changed", "policy-changed"},
    {"the requester is no requester any more",
     [](World &world) {
         role_of(world).requesters = {{policy::Requester::Kind::user, dave_oid}};
     },
     "record:denied close:refused", "not-requester"},
    {"the role is shared by now", [](World &world) { role_of(world).shared = true; },
     "record:denied close:policy-changed", "policy-changed"},
    {"it is out of hours", [](World &world) { role_of(world).conditions.hours.emplace_back(); },
     "record:denied close:refused", "hours"},
};

void enough_have_approved_and_the_policy_was_changed_meanwhile(void **)
{
    for (const Change &change : changes) {
        World world = approved_by({person(bob_oid)});
        Session session = waiting_for_others(world);
        assert_text(approve(session, world, yes_of(bob_oid)), "await rules");
        change.apply(world);
        const Actions asked = session.on_rules(world.rules());
        assert_text(shape_of(asked), change.shape);
        if (session.is_closed())
            assert_text(last_record(asked).rule, change.rule);
    }
}

void somebody_approves_after_the_policy_was_changed(void **)
{
    World gone = approved_by({person(bob_oid)});
    Session session = waiting_for_others(gone);
    role_of(gone).approval.approvers = {person(carol_oid)};
    // His sign-in was judged a moment before; it does not count, and the request waits on.
    assert_text(approve(session, gone, yes_of(bob_oid)), "await");
    assert_text(approve(session, gone, yes_of(carol_oid)), "await rules");
    assert_text(shape_of(session.on_rules(gone.rules())), "grant:");

    for (const auto &apply :
         {+[](World &world) { world.policy.roles.clear(); },
          +[](World &world) { role_of(world).approval.mode = policy::Approval::Mode::self; }}) {
        World world = approved_by({person(bob_oid)});
        Session other = waiting_for_others(world);
        apply(world);
        assert_text(approve(other, world, yes_of(bob_oid)), "record:denied close:policy-changed");
    }
}

void what_nobody_can_approve_any_more_ends_with_the_policy(void **)
{
    World world = approved_by({person(bob_oid)});
    Session session = waiting_for_others(world);
    assert_text(shape_of(session.on_new_policy(world.rules())), "");
    role_of(world).approval.approvers = {person(carol_oid)}; // somebody can
    assert_text(shape_of(session.on_new_policy(world.rules())), "");
    Session other = waiting_for_others(world);
    role_of(world).approval.mode = policy::Approval::Mode::self;
    assert_text(shape_of(other.on_new_policy(world.rules())), "record:denied close:policy-changed");
    Session signing_in = walk(world, Stage::waiting); // is asked when the person has signed in
    world.policy.roles.clear();
    assert_text(shape_of(signing_in.on_new_policy(world.rules())), "");
    assert_text(shape_of(session.on_new_policy(world.rules())),
                "record:denied close:policy-changed");
    assert_text(shape_of(session.on_new_policy(world.rules())), "");
}

void the_first_of_two_is_taken_away_before_the_second_approves(void **)
{
    World world = approved_by({person(bob_oid), person(carol_oid), person(dave_oid)}, 2);
    Session session = waiting_for_others(world);
    assert_text(approve(session, world, yes_of(bob_oid)), "await");
    role_of(world).approval.approvers = {person(carol_oid), person(dave_oid)};
    assert_text(approve(session, world, yes_of(carol_oid)), "await");
    assert_text(approve(session, world, yes_of(dave_oid)), "await rules");
}

void a_policy_that_asks_for_fewer_has_it_decided(void **)
{
    World world = approved_by({person(bob_oid), person(carol_oid)}, 2);
    Session session = waiting_for_others(world);
    assert_text(approve(session, world, yes_of(bob_oid)), "await");
    assert_text(shape_of(session.on_new_policy(world.rules())), "");
    const KeptRequest kept = session.keep();
    role_of(world).approval.quorum = 1;
    assert_text(shape_of(session.on_new_policy(world.rules())), "rules");
    assert_text(shape_of(session.on_new_policy(world.rules())), ""); // once
    assert_text(shape_of(session.on_rules(world.rules())), "grant:");

    // After a restart as well; and past the end nothing is.
    Session again{kept};
    assert_text(shape_of(again.resume(boot_at(20))), "wake");
    World late = world;
    late.boot = again.facts().deadline;
    assert_text(shape_of(again.on_new_policy(late.rules())), "");
    assert_text(shape_of(again.on_new_policy(world.rules())), "rules");

    // Who counts now did not when he approved.
    role_of(world).approval.approvers = {person(dave_oid)};
    Session other = waiting_for_others(world);
    assert_text(approve(other, world, yes_of(carol_oid)), "await");
    role_of(world).approval.approvers = {person(carol_oid)};
    assert_text(shape_of(other.on_new_policy(world.rules())), "rules");
}

void only_those_who_counted_are_named(void **)
{
    World world = approved_by({person(bob_oid), person(carol_oid)}, 2);
    Session session = waiting_for_others(world);
    (void)approve(session, world, yes_of(bob_oid));
    role_of(world).approval.approvers = {person(carol_oid), person(dave_oid)};
    (void)approve(session, world, yes_of(carol_oid));
    assert_text(approve(session, world, yes_of(dave_oid)), "await rules");
    const std::string both = std::string{carol_oid} + " " + dave_oid;
    assert_text(std::get<AskGrant>(session.on_rules(world.rules())[0]).approvers, both);
    const Actions granted = session.on_granted(world.now, world.now + 1h, {"jit-web"});
    assert_text(std::get<RecordGrant>(granted[0]).record.approver_oid, both);
}

void one_no_ends_it_for_all(void **)
{
    const World world = approved_by({person(bob_oid), person(carol_oid)}, 2);
    Session session = waiting_for_others(world);
    (void)session.on_approval(yes_of(bob_oid), world.rules());
    const Actions denied = session.on_denial(yes_of(carol_oid), "not tonight");
    assert_text(shape_of(denied), "record:denied close:declined");
    assert_text(last_record(denied).approver_oid, carol_oid);
    assert_text(last_record(denied).oid, alice_oid);
    assert_true(message_of(denied).find("not tonight") != std::string::npos);
    assert_true(message_of(denied).find("ca7") != std::string::npos);
}

void what_comes_when_it_is_over_changes_nothing(void **)
{
    const World world = approved_by({person(bob_oid)});
    const struct {
        const char *name;
        Actions (*end)(Session &);
        const char *shape;
    } ends[] = {
        {"cancelled", [](Session &s) { return s.cancel(ipc::Cause::cancelled, "x"); },
         "record:cancelled close:cancelled"},
        {"timed out", [](Session &s) { return s.on_time(s.facts().deadline); },
         "record:timed-out close:timed-out"},
        {"denied", [](Session &s) { return s.on_denial(yes_of(bob_oid), "no"); },
         "record:denied close:declined"},
        {"not kept", [](Session &s) { return s.on_await_failed(); }, "record:denied close:failed"},
    };
    for (const auto &row : ends) {
        Session session = waiting_for_others(world);
        assert_text(shape_of(row.end(session)), row.shape);
        assert_true(session.is_closed());
        assert_text(approve(session, world, yes_of(bob_oid)), "");
        assert_text(shape_of(session.on_denial(yes_of(bob_oid), "no")), "");
        assert_text(shape_of(session.on_rules(world.rules())), "");
        assert_text(shape_of(session.on_time(boot_at(9999))), "");
        assert_text(shape_of(session.on_await_failed()), "");
        assert_text(shape_of(session.cancel(ipc::Cause::cancelled, "x")), "");
    }
    Session late = waiting_for_others(world);
    assert_text(message_of(late.on_time(late.facts().deadline)), std::string{words::not_approved});
}

void nobody_approves_before_the_requester_has_signed_in_or_after_it_is_granted(void **)
{
    const World world = approved_by({person(bob_oid)});
    for (const Stage stage : {Stage::idle, Stage::finding_party, Stage::asking_code, Stage::waiting,
                              Stage::polling, Stage::judging}) {
        Session session = walk(world, stage);
        assert_text(approve(session, world, yes_of(bob_oid)), "");
        assert_text(shape_of(session.on_denial(yes_of(bob_oid), "no")), "");
    }
    Session granting = waiting_for_others(world);
    (void)granting.on_approval(yes_of(bob_oid), world.rules());
    (void)granting.on_rules(world.rules());
    assert_true(granting.is_granting());
    assert_text(approve(granting, world, yes_of(carol_oid)), "");
    assert_text(shape_of(granting.on_denial(yes_of(carol_oid), "no")), "");
}

void nothing_longer_is_granted_than_was_approved(void **)
{
    World wider = approved_by({person(bob_oid)});
    wider.facts.asked = 30min;
    wider.facts.duration = 30min;
    Session session = waiting_for_others(wider);
    role_of(wider).max_duration = role_of(wider).default_duration = 8h;
    (void)session.on_approval(yes_of(bob_oid), wider.rules());
    assert_text(shape_of(session.on_rules(wider.rules())), "grant:");
    assert_true(session.facts().duration == 30min);

    World narrower = approved_by({person(bob_oid)});
    Session shorter = waiting_for_others(narrower);
    assert_true(shorter.facts().duration == 1h);
    role_of(narrower).max_duration = role_of(narrower).default_duration = 10min;
    (void)shorter.on_approval(yes_of(bob_oid), narrower.rules());
    assert_text(shape_of(shorter.on_rules(narrower.rules())), "grant:");
    assert_true(shorter.facts().duration == 10min);
}

void a_grant_goes_on_longer_by_the_whole_approval_again(void **)
{
    World world = approved_by({person(bob_oid)});
    world.facts.extends = "fedcba9876543210";
    world.facts.extends_until = world.now + 1h;
    Session session = waiting_for_others(world);
    (void)session.on_approval(yes_of(bob_oid), world.rules());
    assert_text(shape_of(session.on_rules(world.rules())), "grant:");
    const Actions longer = session.on_granted(world.now, world.now + 1h, {"jit-web"});
    const AuditRecord &record = std::get<RecordGrant>(longer[0]).record;
    assert_true(record.event == Event::extended);
    assert_text(record.approver_oid, bob_oid);
}

void over_ssh_what_is_approved_waits_for_its_login(void **)
{
    World world = approved_by({person(bob_oid)});
    world.facts.is_held = true;
    Session session = waiting_for_others(world);
    assert_text(shape_of(session.claim()), ""); // a login finds nothing that is approved
    (void)session.on_approval(yes_of(bob_oid), world.rules());
    assert_text(shape_of(session.on_rules(world.rules())), "hold wake");
    assert_true(session.is_approved());
    assert_text(shape_of(session.claim()), "rules");
    World left = world;
    assert_text(shape_of(session.on_rules(left.rules())), "grant:");

    Session late = waiting_for_others(world);
    (void)late.on_approval(yes_of(bob_oid), world.rules());
    (void)late.on_rules(world.rules());
    (void)late.claim();
    role_of(left).approval.approvers = {person(carol_oid)};
    assert_text(shape_of(late.on_rules(left.rules())), "record:denied close:policy-changed");
}

void what_was_kept_goes_on_with_the_approvals_so_far(void **)
{
    World world = approved_by({person(bob_oid), person(carol_oid)}, 2);
    Session before = waiting_for_others(world);
    (void)before.on_approval(yes_of(bob_oid), world.rules());
    Session session{before.keep()};
    assert_text(shape_of(session.resume(boot_at(20))), "wake");
    assert_text(shape_of(session.resume(boot_at(20))), ""); // once
    assert_true(session.is_approving());
    assert_true(session.facts().deadline == before.facts().deadline);
    assert_text(approve(session, world, yes_of(bob_oid)), "await");
    assert_text(approve(session, world, yes_of(carol_oid)), "await rules");
    // jitd is stopped between the last yes and its grant.
    Session met{session.keep()};
    assert_text(shape_of(met.resume(boot_at(20))), "wake rules");
    // Meanwhile nobody says anything any more.
    assert_text(approve(met, world, yes_of(carol_oid)), "");
    const Actions granting = met.on_rules(world.rules());
    assert_text(shape_of(granting), "grant:");
    assert_text(std::get<AskGrant>(granting[0]).approvers, std::string{bob_oid} + " " + carol_oid);

    Session changed{session.keep()};
    (void)changed.resume(boot_at(20));
    role_of(world).approval.approvers = {person(carol_oid), person(dave_oid)};
    assert_text(shape_of(changed.on_rules(world.rules())), "record:denied close:policy-changed");

    Session new_one{world.facts};
    assert_text(shape_of(new_one.resume(boot_at(20))), ""); // nothing was kept of it
}

void what_comes_back_too_late_is_over(void **)
{
    const World world = approved_by({person(bob_oid)});
    Session before = waiting_for_others(world);
    (void)before.on_approval(yes_of(bob_oid), world.rules());
    Session session{before.keep()};
    const Actions over = session.resume(before.facts().deadline);
    assert_text(shape_of(over), "record:timed-out close:timed-out");
    assert_true(std::get<WriteRecord>(over[0]).ends == ipc::Cause::timed_out);
    World late = world;
    late.boot = before.facts().deadline;
    Session slow = waiting_for_others(world);
    assert_text(approve(slow, late, yes_of(bob_oid)), "record:timed-out close:timed-out");
}

// Root has found out meanwhile that it was not she.
void whoever_is_not_the_person_any_more_gets_nothing(void **)
{
    const policy::Config nobody;
    const Pin pin{"alice", alice_oid, "alice@contoso.com", {}, true};
    const Pin other{"alice", bob_oid, "alice@contoso.com", {}, true};
    const struct {
        const policy::Config *config;
        const Pin *pin;
        const char *shape;
    } rows[] = {
        {&mapped(), nullptr, "grant:"},
        {&nobody, &pin, "grant:"},
        {&nobody, nullptr, "record:denied close:policy-changed"},
        {&nobody, &other, "record:denied close:policy-changed"},
        {nullptr, &pin, "record:denied close:policy-changed"},
    };
    for (const auto &row : rows) {
        World world = approved_by({person(bob_oid)});
        Session session = waiting_for_others(world);
        (void)session.on_approval(yes_of(bob_oid), world.rules());
        world.config = row.config;
        world.pin = row.pin;
        assert_text(shape_of(session.on_rules(world.rules())), row.shape);
    }
}

void who_has_to_approve_is_told_whether_it_is_a_role_or_more_time(void **)
{
    World world = approved_by({person(bob_oid)});
    assert_text(waiting_for_others(world).make_plea().message,
                "alice asks for role web, is signed in, and waits for approval");
    world.facts.extends = "fedcba9876543210";
    const AuditRecord plea = waiting_for_others(world).make_plea();
    assert_text(plea.message, "alice asks to keep role web, is signed in, and waits for approval");
    assert_text(plea.extends, world.facts.extends);
    assert_true(plea.needs_approval);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(waiting_for_others_begins_after_the_sign_in_and_has_a_deadline_of_its_own),
        cmocka_unit_test(who_has_to_approve_is_told_whether_it_is_a_role_or_more_time),
        cmocka_unit_test(one_who_may_is_enough_where_one_is_asked_for),
        cmocka_unit_test(who_counts_and_how_often),
        cmocka_unit_test(no_more_are_kept_than_a_quorum_may_be_of),
        cmocka_unit_test(enough_have_approved_and_the_policy_was_changed_meanwhile),
        cmocka_unit_test(somebody_approves_after_the_policy_was_changed),
        cmocka_unit_test(what_nobody_can_approve_any_more_ends_with_the_policy),
        cmocka_unit_test(the_first_of_two_is_taken_away_before_the_second_approves),
        cmocka_unit_test(a_policy_that_asks_for_fewer_has_it_decided),
        cmocka_unit_test(only_those_who_counted_are_named),
        cmocka_unit_test(one_no_ends_it_for_all),
        cmocka_unit_test(what_comes_when_it_is_over_changes_nothing),
        cmocka_unit_test(nobody_approves_before_the_requester_has_signed_in_or_after_it_is_granted),
        cmocka_unit_test(nothing_longer_is_granted_than_was_approved),
        cmocka_unit_test(a_grant_goes_on_longer_by_the_whole_approval_again),
        cmocka_unit_test(over_ssh_what_is_approved_waits_for_its_login),
        cmocka_unit_test(what_was_kept_goes_on_with_the_approvals_so_far),
        cmocka_unit_test(what_comes_back_too_late_is_over),
        cmocka_unit_test(whoever_is_not_the_person_any_more_gets_nothing),
    };
    return cmocka_run_group_tests_name("jitd/session_approval", tests, nullptr, nullptr);
}
