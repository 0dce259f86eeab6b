// Whom a sign-in finds, and what it has to prove: pins, groups from Graph, more proof, replays.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

constexpr const char *bob_oid = "b0b00000-0000-4000-8000-000000000004";
constexpr const char *some_group = "9a000000-0000-4000-8000-000000000250";

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

Actions judge(Session &session, const World &world)
{
    return session.on_keys(world.keys, world.rules(), world.now);
}

// Alice, whom nobody mapped: her name is alice@contoso.example.
World by_name()
{
    World world;
    world.facts.oid.clear();
    world.facts.upn = "alice@contoso.example";
    return world;
}

void the_first_who_signs_in_with_the_name_is_kept_before_anything_is_granted(void **)
{
    const World world = by_name();
    Session session = walk(world, Stage::judging);
    const Actions found = judge(session, world);
    assert_text(shape_of(found), "record:signed-in record:config-changed pin");
    const Pin &pin = std::get<KeepPin>(found.back()).pin;
    assert_text(pin.user, "alice");
    assert_text(pin.oid, alice_oid);
    assert_text(pin.upn, "alice@contoso.example");
    assert_false(pin.confirmed);
    assert_true(session.on_rules(world.rules()).empty());
    const Actions kept = session.on_pinned(true, world.rules());
    assert_text(shape_of(kept), "grant:approved");
    assert_text(rule_of(found), "pin-first");
    assert_text(session.facts().oid, alice_oid);

    Session lost = walk(world, Stage::judging);
    (void)judge(lost, world);
    assert_text(shape_of(lost.on_pinned(false, world.rules())), "record:denied close:failed");
}

void a_pinned_person_is_known_by_the_id_alone(void **)
{
    World world = by_name();
    Pin pin{"alice", alice_oid, "old-name@contoso.example", {}, false};
    world.pin = &pin;
    Session session = walk(world, Stage::judging);
    assert_text(shape_of(judge(session, world)), "record:signed-in grant:approved");

    pin.oid = bob_oid;
    Session other = walk(world, Stage::judging);
    const Actions refused = judge(other, world);
    assert_text(shape_of(refused), "record:signed-in record:denied close:wrong-person");
    assert_text(rule_of(refused), rule_pin_mismatch);
    assert_true(message_of(refused).find("jitctl pins --clear alice") != std::string::npos);

    world.facts.upn = "bob@contoso.example";
    Session stranger = walk(world, Stage::judging);
    assert_text(rule_of(judge(stranger, world)), "wrong-person");
}

void the_pin_of_now_counts_not_the_one_of_the_beginning(void **)
{
    World world = by_name();
    world.facts.oid = bob_oid; // the pin was his when the request began, and was cleared
    Session session = walk(world, Stage::judging);
    assert_text(shape_of(judge(session, world)), "record:signed-in record:config-changed pin");
}

void with_pin_root_nobody_counts_before_root_has_confirmed(void **)
{
    World world = by_name();
    world.pin_needs_root = true;
    Session first = walk(world, Stage::judging);
    assert_text(shape_of(judge(first, world)), "record:signed-in record:config-changed pin");
    const Actions waits = first.on_pinned(true, world.rules());
    assert_text(shape_of(waits), "record:denied close:refused");
    assert_true(message_of(waits).find("jitctl pins --confirm alice") != std::string::npos);

    Pin pin{"alice", alice_oid, "alice@contoso.example", {}, false};
    world.pin = &pin;
    Session second = walk(world, Stage::judging);
    const Actions refused = judge(second, world);
    assert_text(shape_of(refused), "record:signed-in record:denied close:refused");
    assert_text(rule_of(refused), "pin-unconfirmed");
    pin.confirmed = true;
    Session third = walk(world, Stage::judging);
    assert_text(shape_of(judge(third, world)), "record:signed-in grant:approved");
}

void another_name_is_nobody(void **)
{
    World world = by_name();
    world.facts.upn = "alicia@contoso.example";
    Session session = walk(world, Stage::judging);
    const Actions refused = judge(session, world);
    assert_text(shape_of(refused), "record:signed-in record:denied close:wrong-person");
    assert_text(rule_of(refused), "wrong-person");
}

void a_token_that_came_before_is_refused(void **)
{
    World world;
    Session first = walk(world, Stage::judging);
    const Rules rules = world.rules(); // the same memory for both
    assert_text(shape_of(first.on_keys(world.keys, rules, world.now)),
                "record:signed-in grant:approved");
    Session again = walk(world, Stage::judging);
    const Actions refused = again.on_keys(world.keys, rules, world.now);
    assert_text(shape_of(refused), "record:provider-error record:denied close:not-trusted");
    assert_text(rule_of(refused), "replayed");
}

// --- groups

World by_group()
{
    World world;
    world.expected.graph_hosts = {"graph.microsoft.com"};
    world.expected.scopes = {"openid", "https://graph.microsoft.com/User.Read"};
    world.policy.roles[0].requesters = {{policy::Requester::Kind::group, some_group}};
    return world;
}

void groups_that_the_token_leaves_out_are_asked_for(void **)
{
    const World world = by_group();
    Session session = walk(world, Stage::judging); // no groups claim
    const Actions asked = judge(session, world);
    assert_text(shape_of(asked), "record:signed-in http");
    const auto &request = std::get<SendHttp>(asked.back()).request;
    assert_text(request.url, "https://graph.microsoft.com/v1.0/me/checkMemberGroups");
    assert_text(std::string{request.bearer.reveal()}, "graph-at");
    assert_text(shape_of(session.on_reply(reply_of("", 503), boot_at(9))), "wake");
    assert_text(shape_of(session.on_time(boot_at(11))), "http");
    const Actions told = session.on_reply(
        reply_of("{\"value\":[\"" + std::string{some_group} + "\"]}"), boot_at(12));
    assert_text(shape_of(told), "wake rules");
    assert_text(shape_of(session.on_rules(world.rules())), "grant:approved");

    Session stranger = walk(world, Stage::judging);
    (void)judge(stranger, world);
    (void)stranger.on_reply(reply_of(R"({"value":[]})"), boot_at(9));
    const Actions refused = stranger.on_rules(world.rules());
    assert_text(shape_of(refused), "record:denied close:refused");
    assert_text(rule_of(refused), "not-requester");

    // It closed while the person signed in.
    World evening = world;
    Session late_one = walk(evening, Stage::judging);
    (void)judge(late_one, evening);
    evening.policy.roles[0].conditions.hours.emplace_back(); // no day, no time
    (void)late_one.on_reply(reply_of("{\"value\":[\"" + std::string{some_group} + "\"]}"),
                            boot_at(9));
    const Actions closed = late_one.on_rules(evening.rules());
    assert_text(shape_of(closed), "record:denied close:refused");
    assert_text(rule_of(closed), "hours");

    Session broken = walk(world, Stage::judging);
    (void)judge(broken, world);
    assert_text(shape_of(broken.on_reply(reply_of("?"), boot_at(9))),
                "record:provider-error record:denied close:broken");
    Session late = walk(world, Stage::judging);
    (void)judge(late, world);
    assert_text(shape_of(late.on_time(boot_at(900))), "record:timed-out close:timed-out");
    Session left = walk(world, Stage::judging);
    (void)judge(left, world);
    assert_text(shape_of(left.cancel(ipc::Cause::cancelled, "x")),
                "record:cancelled close:cancelled");
}

void nobody_is_asked_where_the_token_says_it_all_or_nobody_can_be(void **)
{
    World world = by_group();
    world.policy.roles[0].requesters[0].value = "abcdef00-0000-4000-8000-000000000004";
    Session member = walk(world, Stage::judging, "entra-upper-case");
    assert_text(shape_of(judge(member, world)), "record:signed-in grant:approved");

    world.expected.scopes = {"openid"};
    Session blind = walk(world, Stage::judging);
    const Actions refused = judge(blind, world);
    assert_text(shape_of(refused), "record:signed-in record:denied close:refused");
    assert_text(rule_of(refused), "groups-unknown");
}

// --- more proof

oidc::HttpReply demand()
{
    return reply_of(R"({"error":"interaction_required","error_codes":[50076],)"
                    R"("claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}"})",
                    400);
}

void a_demand_of_the_provider_starts_one_more_flow(void **)
{
    World world;
    world.facts.auth_context = "c7";
    Session session = walk(world, Stage::polling);
    assert_text(shape_of(session.on_reply(demand(), boot_at(8))), "wake find-party");
    assert_false(session.code().has_value());
    const Actions begun = session.on_party(world.party(), flow_id, boot_at(9));
    assert_text(shape_of(begun), "http");
    const std::string form{std::get<SendHttp>(begun.front()).request.form.reveal()};
    for (const char *part : {"%22c1%22", "%22c7%22", "cp1"})
        assert_true(form.find(part) != std::string::npos);
    const Actions shown = session.on_reply(
        reply_of(R"({"device_code":"dev2","user_code":"EFGH-5678","expires_in":600,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(10));
    assert_text(shape_of(shown), "record:code-issued code wake");
    assert_true(std::get<ShowCode>(shown[1]).is_again);
    assert_text(shape_of(session.on_time(boot_at(15))), "http");
    // Once: another demand is a refusal.
    assert_text(shape_of(session.on_reply(demand(), boot_at(16))), "record:denied close:blocked");
}

void the_context_of_the_role_is_asked_for_and_must_be_there(void **)
{
    World world;
    world.facts.auth_context = "c1";
    world.policy.roles[0].conditions.auth_context = "c1";
    Session session = walk(world, Stage::finding_party);
    const Actions begun = session.on_party(world.party(), flow_id, boot_at(1));
    const std::string form{std::get<SendHttp>(begun.front()).request.form.reveal()};
    assert_true(form.find("claims=") != std::string::npos);
    Session judged = walk(world, Stage::judging);
    const Actions refused = judge(judged, world);
    assert_text(shape_of(refused), "record:signed-in record:denied close:refused");
    assert_text(rule_of(refused), "auth-context");
}

void hurrying_asks_only_while_somebody_signs_in(void **)
{
    const World &world = World{};
    for (const Stage stage : {Stage::idle, Stage::finding_party, Stage::judging, Stage::granting,
                              Stage::recording, Stage::closed}) {
        Session session = walk(world, stage);
        assert_true(session.hurry(boot_at(9)).empty());
    }
    Session waiting = walk(world, Stage::waiting);
    assert_text(shape_of(waiting.hurry(boot_at(3))), "wake");
    assert_text(shape_of(waiting.hurry(boot_at(7))), "http");
}

// postgres, whom several people share.
World of_many()
{
    World world;
    world.facts.user = "postgres";
    world.facts.oid.clear();
    world.facts.is_shared = true;
    world.local_groups = {"dbas"};
    world.policy.roles[0].shared = true;
    return world;
}

void as_a_shared_account_whoever_signs_in_is_the_requester(void **)
{
    const World world = of_many();
    Session session = walk(world, Stage::judging);
    const Actions judged = judge(session, world);
    assert_text(shape_of(judged), "record:signed-in grant:approved");
    assert_text(session.facts().oid, alice_oid);
    const AuditRecord &approved = *std::get<AskGrant>(judged.back()).approved;
    assert_text(approved.oid, alice_oid);
    assert_text(approved.approver_oid, alice_oid);
    assert_text(approved.user, "postgres");
    assert_text(approved.message,
                "the sign-in of " + std::string{alice_oid} + " as postgres approves role web");
}

void as_a_shared_account_a_stranger_is_refused_with_his_id_on_record(void **)
{
    World world = of_many();
    world.policy.roles[0].requesters = {{policy::Requester::Kind::user, bob_oid}};
    Session session = walk(world, Stage::judging);
    const Actions judged = judge(session, world);
    assert_text(shape_of(judged), "record:signed-in record:denied close:refused");
    assert_text(std::get<WriteRecord>(judged[1]).record.oid, alice_oid);
    assert_true(message_of(judged).find(alice_oid) != std::string::npos);
    // What the host says of the account is said of nobody.
    World local = of_many();
    local.policy.roles[0].requesters = {{policy::Requester::Kind::local_group, "dbas"}};
    Session other = walk(local, Stage::judging);
    assert_text(shape_of(judge(other, local)), "record:signed-in record:denied close:refused");
}

void regress_a_role_that_is_shared_by_now_counts_no_sign_in_from_before(void **)
{
    for (const bool is_shared : {false, true}) {
        World world = of_many();
        world.facts.is_shared = is_shared;
        world.facts.oid = is_shared ? "" : alice_oid;
        world.policy.roles[0].shared = !is_shared;
        Session session = walk(world, Stage::judging);
        assert_text(shape_of(judge(session, world)),
                    "record:signed-in record:denied close:policy-changed");
    }
}

void who_goes_on_as_a_shared_account_is_who_began(void **)
{
    World world = of_many();
    world.facts.oid = bob_oid;
    world.facts.extends = "fedcba9876543210";
    Session session = walk(world, Stage::judging);
    assert_text(shape_of(judge(session, world)),
                "record:signed-in record:denied close:wrong-person");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(as_a_shared_account_whoever_signs_in_is_the_requester),
        cmocka_unit_test(as_a_shared_account_a_stranger_is_refused_with_his_id_on_record),
        cmocka_unit_test(regress_a_role_that_is_shared_by_now_counts_no_sign_in_from_before),
        cmocka_unit_test(who_goes_on_as_a_shared_account_is_who_began),
        cmocka_unit_test(the_first_who_signs_in_with_the_name_is_kept_before_anything_is_granted),
        cmocka_unit_test(a_pinned_person_is_known_by_the_id_alone),
        cmocka_unit_test(the_pin_of_now_counts_not_the_one_of_the_beginning),
        cmocka_unit_test(with_pin_root_nobody_counts_before_root_has_confirmed),
        cmocka_unit_test(another_name_is_nobody),
        cmocka_unit_test(a_token_that_came_before_is_refused),
        cmocka_unit_test(groups_that_the_token_leaves_out_are_asked_for),
        cmocka_unit_test(nobody_is_asked_where_the_token_says_it_all_or_nobody_can_be),
        cmocka_unit_test(a_demand_of_the_provider_starts_one_more_flow),
        cmocka_unit_test(the_context_of_the_role_is_asked_for_and_must_be_there),
        cmocka_unit_test(hurrying_asks_only_while_somebody_signs_in),
    };
    return cmocka_run_group_tests_name("jitd/session_person", tests, nullptr, nullptr);
}
