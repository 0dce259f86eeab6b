#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

namespace {

policy::Role &dba(World &world)
{
    return world.rules.policy.roles[0];
}

// Asks, expects a no of this kind with this in its text, and that nothing was done.
void expect_no(World &world, const ipc::GrantCall &call, Refusal::Kind kind, const char *text)
{
    const auto answer = world.grants().grant(call);
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind), static_cast<int>(kind));
    if (answer.refusal().text.find(text) == std::string::npos)
        assert_string_equal(answer.refusal().text.c_str(), text);
    assert_true(world.script.steps.empty());
    assert_true(world.is_clean());
    assert_true(world.records.events.empty());
}

void expect_refused(World &world, const ipc::GrantCall &call, const char *text)
{
    expect_no(world, call, Refusal::Kind::refused, text);
}

void a_call_that_the_policy_allows_is_granted(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
}

void another_policy_than_ours_is_a_mismatch(void **)
{
    World world;
    auto call = World::call('1');
    call.policy = std::string(64, 'e');
    expect_no(world, call, Refusal::Kind::policy_mismatch, "another policy");
}

void a_policy_that_cannot_be_read_is_misconfigured(void **)
{
    World world;
    world.rules.refusal = "there is no policy";
    expect_no(world, World::call('1'), Refusal::Kind::misconfigured, "there is no policy");
}

void an_unknown_role_is_refused(void **)
{
    World world;
    expect_refused(world, World::call('1', "root"), "no role");
}

void the_hours_of_a_role_end_what_is_granted(void **)
{
    World world;
    policy::Conditions &conditions = dba(world).conditions;
    const auto now = world.clocks.now().wall.time_since_epoch();
    const auto minute = std::chrono::floor<std::chrono::minutes>(now % std::chrono::days{1});
    policy::Window window;
    window.days.fill(true);
    window.begin = minute;
    window.end = minute + std::chrono::minutes{2};
    conditions.hours = {window};
    const auto granted = world.grants().grant(World::call('1', "dba", 600));
    assert_true(granted.has_value());
    const auto end = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes{2};
    assert_true(granted->until.time_since_epoch() == end);
    // Less is less.
    assert_true(world.grants().grant(World::call('2', "dba", 5))->until.time_since_epoch() ==
                now + std::chrono::seconds{5});

    World closed;
    dba(closed).conditions = conditions;
    dba(closed).conditions.hours[0].begin += std::chrono::hours{1};
    dba(closed).conditions.hours[0].end += std::chrono::hours{1};
    expect_refused(closed, World::call('1'), "closed now");
}

void a_role_of_another_host_is_refused(void **)
{
    World world;
    world.rules.set.config.host_name = "web01";
    dba(world).hosts = {{false, "db*"}};
    expect_refused(world, World::call('1'), "not for this host");
}

void a_second_past_the_maximum_is_refused(void **)
{
    World world;
    expect_refused(world, World::call('1', "dba", 3601), "at most 1h");
    assert_true(world.grants().grant(World::call('1', "dba", 3600)).has_value());
}

void no_time_at_all_is_refused(void **)
{
    World world;
    expect_refused(world, World::call('1', "dba", 0), "at most");
    expect_refused(world, World::call('1', "dba", -5), "at most");
}

void a_user_without_entry_in_the_map_is_refused(void **)
{
    World world;
    auto call = World::call('1');
    call.user = "bob";
    expect_refused(world, call, "no entry in [users].map");
}

void a_user_who_is_another_person_is_refused(void **)
{
    World world;
    auto call = World::call('1');
    call.oid = "bbbbbbbb-0000-4000-8000-000000000001";
    expect_refused(world, call, "another person");
}

// bob is not in the map, and is found by his name.
ipc::GrantCall by_name(World &world)
{
    world.rules.set.config.match = policy::Config::Match::upn;
    world.rules.set.config.domain = "contoso.com";
    dba(world).requesters = {
        {policy::Requester::Kind::group, "cccccccc-0000-4000-8000-000000000001"}};
    auto call = World::call('1');
    call.user = "bob";
    call.oid = "bbbbbbbb-0000-4000-8000-000000000002";
    return call;
}

void a_user_who_is_matched_by_name_is_granted(void **)
{
    World world;
    assert_true(world.grants().grant(by_name(world)).has_value());
}

void a_user_in_the_map_is_that_person_also_where_others_are_matched_by_name(void **)
{
    World world;
    auto call = by_name(world);
    call.user = "alice";
    expect_refused(world, call, "another person in [users].map");
    call.oid = alice_oid;
    assert_true(world.grants().grant(call).has_value());
}

void what_a_user_matched_by_name_is_must_be_an_object_id(void **)
{
    for (const char *oid : {"", "bob@contoso.com", "bob", "bbbbbbbb-0000-4000-8000-00000000000",
                            "bbbbbbbb-0000-4000-8000-0000000000022"}) {
        World world;
        auto call = by_name(world);
        call.oid = oid;
        expect_refused(world, call, "not the object id of a person");
    }
}

void a_system_account_is_never_matched_by_name(void **)
{
    World world;
    auto call = by_name(world);
    dba(world).allow_system_accounts = true;
    call.user = "backup-agent";
    for (const uid_t uid : {998U, 999U, 1U}) {
        world.accounts.users["backup-agent"].uid = uid;
        expect_refused(world, call, "is a system account, and has no entry in [users].map");
    }
    call.user = "toor";
    expect_refused(world, call, "root or nobody");
    call.user = "backup-agent";
    world.accounts.users["backup-agent"].uid = 1000;
    assert_true(world.grants().grant(call).has_value());
}

void a_system_account_in_the_map_is_as_it_was_where_others_are_matched_by_name(void **)
{
    World world;
    auto call = by_name(world);
    call.user = "backup-agent";
    world.rules.set.config.users["backup-agent"] = call.oid;
    expect_refused(world, call, "allow_system_accounts");
    dba(world).allow_system_accounts = true;
    assert_true(world.grants().grant(call).has_value());
}

void a_name_that_cannot_begin_a_upn_is_matched_by_the_map_alone(void **)
{
    for (const char *name : {"bob@contoso.com", "bob."}) {
        World world;
        auto call = by_name(world);
        call.user = name;
        world.accounts.users[name] = {name, 1001, 1001};
        expect_refused(world, call, "no entry in [users].map");
    }
}

// backup-agent is an account that people share; bob is one of them.
ipc::GrantCall to_shared(World &world)
{
    policy::Role &role = dba(world);
    role.shared = true;
    role.accounts = {{false, "backup-*"}};
    role.allow_system_accounts = true;
    role.requesters = {{policy::Requester::Kind::group, "cccccccc-0000-4000-8000-000000000001"}};
    auto call = World::call('1');
    call.user = "backup-agent";
    call.oid = "bbbbbbbb-0000-4000-8000-000000000002";
    return call;
}

void a_shared_account_is_granted_to_who_is_nobody_in_the_map(void **)
{
    World world;
    assert_true(world.grants().grant(to_shared(world)).has_value());
    // The account's own entry, were there one, says nothing of who comes.
    World mapped;
    mapped.rules.set.config.users["backup-agent"] = alice_oid;
    assert_true(mapped.grants().grant(to_shared(mapped)).has_value());
}

void a_shared_role_is_for_its_accounts_and_requesters_alone(void **)
{
    World world;
    auto call = to_shared(world);
    call.user = "alice";
    expect_refused(world, call, "is not for account 'alice'");
    call = to_shared(world);
    call.oid = "bob@contoso.com";
    expect_refused(world, call, "not the object id of a person");
    call = to_shared(world);
    dba(world).requesters = {{policy::Requester::Kind::user, alice_oid}};
    expect_refused(world, call, "is not among the requesters");
    call = to_shared(world);
    dba(world).allow_system_accounts = false;
    expect_refused(world, call, "allow_system_accounts");
    dba(world).accounts = {{false, "*"}};
    call.user = "toor";
    expect_refused(world, call, "root or nobody");
}

void local_groups_hold_for_who_is_matched_by_name(void **)
{
    World world;
    const auto call = by_name(world);
    dba(world).requesters = {{policy::Requester::Kind::local_group, "engineers"}};
    expect_refused(world, call, "not among the requesters");
    world.accounts.local = {"engineers"};
    assert_true(world.grants().grant(call).has_value());
}

void a_user_unknown_to_the_host_is_refused(void **)
{
    World world;
    world.accounts.users.erase("alice");
    expect_refused(world, World::call('1'), "does not exist");
}

void a_user_known_by_another_name_is_refused(void **)
{
    World world;
    world.accounts.users["alice"].name = "Alice";
    expect_refused(world, World::call('1'), "another name");
}

void a_system_account_is_refused_unless_the_role_allows_it(void **)
{
    World world;
    world.rules.set.config.users["backup-agent"] = alice_oid;
    auto call = World::call('1');
    call.user = "backup-agent";
    expect_refused(world, call, "system account");
    dba(world).allow_system_accounts = true;
    assert_true(world.grants().grant(call).has_value());
}

void root_and_nobody_are_refused_even_where_system_accounts_are_allowed(void **)
{
    World world;
    world.rules.set.config.users["toor"] = alice_oid;
    dba(world).allow_system_accounts = true;
    auto call = World::call('1');
    call.user = "toor";
    expect_refused(world, call, "root or nobody");
    world.accounts.users["toor"].uid = 65534;
    expect_refused(world, call, "root or nobody");
}

void names_with_a_path_or_a_colon_in_them_are_refused(void **)
{
    for (const char *name : {"../alice", "alice:x", "a/b", "", "al ice", "alice\n"}) {
        World world;
        world.rules.set.config.users[name] = alice_oid;
        world.accounts.users[name] = {name, 1000, 1000};
        auto call = World::call('1');
        call.user = name;
        expect_refused(world, call, "not the name of a user");
    }
    World world;
    dba(world).groups = {"../../etc/x"};
    expect_refused(world, World::call('1'), "not the name of a group");
    auto call = World::call('1');
    call.id = "../../../etc/cron";
    expect_refused(world, call, "not an id");
}

void a_stranger_to_a_list_of_users_and_local_groups_is_refused(void **)
{
    World world;
    dba(world).requesters = {
        {policy::Requester::Kind::user, "cccccccc-0000-4000-8000-000000000001"},
        {policy::Requester::Kind::local_group, "engineers"}};
    expect_refused(world, World::call('1'), "not among the requesters");
    world.accounts.local = {"engineers"};
    assert_true(world.grants().grant(World::call('1')).has_value());
}

void what_only_the_provider_knows_is_left_to_jitd(void **)
{
    World world;
    dba(world).requesters = {
        {policy::Requester::Kind::group, "cccccccc-0000-4000-8000-000000000001"}};
    assert_true(world.grants().grant(World::call('1')).has_value());
}

void an_absent_group_is_refused(void **)
{
    World world;
    world.accounts.groups.erase("jit-dba");
    expect_refused(world, World::call('1'), "does not exist");
}

void a_group_with_gid_zero_is_refused(void **)
{
    World world;
    world.accounts.groups["jit-dba"] = 0;
    expect_refused(world, World::call('1'), "gid 0");
}

void a_group_that_shares_its_gid_is_refused(void **)
{
    World world;
    world.accounts.groups["docker"] = 2001;
    expect_refused(world, World::call('1'), "shares its gid");
}

void a_root_equivalent_group_is_refused(void **)
{
    for (const char *group : {"root", "sudo", "docker", "wheel", "systemd-resolve", "adm", "jit"}) {
        World world;
        dba(world).groups = {group};
        world.accounts.groups[group] = 4000;
        expect_refused(world, World::call('1'), "equivalent to root");
    }
}

void a_role_without_group_is_refused(void **)
{
    World world;
    dba(world).groups.clear();
    expect_refused(world, World::call('1'), "no group");
}

void a_running_name_service_cache_is_a_refusal(void **)
{
    World world;
    world.accounts.cache = true;
    expect_no(world, World::call('1'), Refusal::Kind::unavailable, "nscd");
}

void an_empty_file_in_etc_userdb_is_a_refusal(void **)
{
    World world;
    world.put(world.places.masks + "/alice:jit-dba.membership", "");
    expect_refused(world, World::call('1'), "masked");
}

void a_link_to_nowhere_in_etc_userdb_is_a_mask_as_well(void **)
{
    World world;
    std::filesystem::create_symlink("/dev/null", world.places.masks + "/alice:jit-dba.membership");
    expect_refused(world, World::call('1'), "masked");
}

void an_id_is_granted_once(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    const auto again = world.grants().grant(World::call('1'));
    assert_false(again.has_value());
    assert_int_equal(static_cast<int>(again.refusal().kind),
                     static_cast<int>(Refusal::Kind::refused));
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.grants().grant(World::call('1')).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_the_policy_allows_is_granted),
        cmocka_unit_test(another_policy_than_ours_is_a_mismatch),
        cmocka_unit_test(a_policy_that_cannot_be_read_is_misconfigured),
        cmocka_unit_test(an_unknown_role_is_refused),
        cmocka_unit_test(the_hours_of_a_role_end_what_is_granted),
        cmocka_unit_test(a_role_of_another_host_is_refused),
        cmocka_unit_test(a_second_past_the_maximum_is_refused),
        cmocka_unit_test(no_time_at_all_is_refused),
        cmocka_unit_test(a_user_without_entry_in_the_map_is_refused),
        cmocka_unit_test(a_user_who_is_another_person_is_refused),
        cmocka_unit_test(a_user_who_is_matched_by_name_is_granted),
        cmocka_unit_test(a_user_in_the_map_is_that_person_also_where_others_are_matched_by_name),
        cmocka_unit_test(what_a_user_matched_by_name_is_must_be_an_object_id),
        cmocka_unit_test(a_system_account_is_never_matched_by_name),
        cmocka_unit_test(a_system_account_in_the_map_is_as_it_was_where_others_are_matched_by_name),
        cmocka_unit_test(a_name_that_cannot_begin_a_upn_is_matched_by_the_map_alone),
        cmocka_unit_test(a_shared_account_is_granted_to_who_is_nobody_in_the_map),
        cmocka_unit_test(a_shared_role_is_for_its_accounts_and_requesters_alone),
        cmocka_unit_test(local_groups_hold_for_who_is_matched_by_name),
        cmocka_unit_test(a_user_unknown_to_the_host_is_refused),
        cmocka_unit_test(a_user_known_by_another_name_is_refused),
        cmocka_unit_test(a_system_account_is_refused_unless_the_role_allows_it),
        cmocka_unit_test(root_and_nobody_are_refused_even_where_system_accounts_are_allowed),
        cmocka_unit_test(names_with_a_path_or_a_colon_in_them_are_refused),
        cmocka_unit_test(a_stranger_to_a_list_of_users_and_local_groups_is_refused),
        cmocka_unit_test(what_only_the_provider_knows_is_left_to_jitd),
        cmocka_unit_test(an_absent_group_is_refused),
        cmocka_unit_test(a_group_with_gid_zero_is_refused),
        cmocka_unit_test(a_group_that_shares_its_gid_is_refused),
        cmocka_unit_test(a_root_equivalent_group_is_refused),
        cmocka_unit_test(a_role_without_group_is_refused),
        cmocka_unit_test(a_running_name_service_cache_is_a_refusal),
        cmocka_unit_test(an_empty_file_in_etc_userdb_is_a_refusal),
        cmocka_unit_test(a_link_to_nowhere_in_etc_userdb_is_a_mask_as_well),
        cmocka_unit_test(an_id_is_granted_once),
    };
    return cmocka_run_group_tests_name("jit_grantd/checks", tests, nullptr, nullptr);
}
