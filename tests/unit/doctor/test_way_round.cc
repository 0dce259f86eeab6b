#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "doctor/way_round.h"

using namespace jit::doctor;

namespace {

constexpr const char *lines_missing = "pam.d/sudo: no account line";

// A host with one role, "db": alice and the engineers may have psql as postgres by it. bob is an
// engineer, carol is in ops.
struct World {
    World()
    {
        gate.roles = {
            {"db", {"alice", "%engineers"}, {"jit-db"}, {{{"postgres"}, "/usr/bin/psql"}}}};
        gate.is_everybody_gated = true;
        gate.members = {{"engineers", {"bob"}}, {"ops", {"carol"}}, {"mixed", {"bob", "carol"}}};
    }
    // Each as "KIND WHERE: WHAT" in a line.
    std::string find(const std::string &text)
    {
        SudoSide side;
        SudoRules rules;
        read_sudoers("sudoers", text, {"jit-db"}, side);
        rules.add("sudoers", text);
        SudoRules rendered;
        rendered.add("", "alice, %engineers ALL = (postgres) /usr/bin/psql\n");
        gate.own = rendered.all();
        gate.judge = [&](const std::string &service) {
            std::vector<Finding> out;
            if (open.contains(service))
                out.push_back({Finding::Kind::fault, "pam.d/" + service, "no account line", ""});
            return out;
        };
        gate.is_gated = [&](const std::string &user) { return user != free_user; };
        std::string said;
        for (const Finding &one : find_ways_round(rules.all(), side, gate))
            said += std::string{one.kind == Finding::Kind::fault ? "fault " : "note "} + one.where +
                    ": " + one.what + "\n";
        return said;
    }
    SudoGate gate;
    std::set<std::string> open; // services whose files do not ask jit
    std::string free_user;
};

bool has(const std::string &text, const std::string &part)
{
    const bool found = text.find(part) != text.npos;
    if (!found)
        print_error("no \"%s\" in:\n%s\n", part.c_str(), text.c_str());
    return found;
}

const std::string standing = "root ALL=(ALL:ALL) ALL\n"
                             "carol ALL=(ALL) ALL\n"
                             "%engineers ALL=(ALL) NOPASSWD: /usr/bin/true\n"
                             "alice, %engineers ALL = (postgres) /usr/bin/psql\n"
                             "%jit-db ALL = (postgres) /usr/bin/psql\n"
                             "Defaults:carol !authenticate\n";

void behind_a_gate_that_holds_no_rule_goes_round_it(void **)
{
    World world;
    assert_text(world.find(standing), "");
    world.gate.is_group_style = true;
    assert_text(world.find(standing), "");
}

void a_sudo_that_does_not_ask_the_account_phase_goes_round_it(void **)
{
    World world;
    for (const bool is_group : {false, true}) {
        world.gate.is_group_style = is_group;
        assert_true(has(world.find("\nDefaults:alice !pam_acct_mgmt\n"),
                        "fault sudoers:2: !pam_acct_mgmt: sudo does not ask"));
    }
}

void without_the_gate_each_standing_rule_does_but_for_root_s_and_our_own(void **)
{
    World world;
    world.open = {"sudo"};
    assert_text(
        world.find(standing),
        std::string{"fault "} + lines_missing +
            "\nfault sudoers:6: !authenticate: sudo asks for no password, and its PAM files "
            "do not ask jit\n"
            "fault sudoers:2: carol may run ALL at any time: sudo's PAM files do not ask "
            "jit\n"
            "fault sudoers:3: %engineers may run /usr/bin/true, without a password, at any "
            "time: sudo's PAM files do not ask jit\n");
    // Half a gate is none.
    world.open = {"sudo-i"};
    assert_true(has(world.find(standing), "fault sudoers:2: carol"));
    // What differs from what is rendered is another's.
    assert_true(
        has(world.find("alice ALL = (postgres) /usr/bin/psql\n"), "fault sudoers:1: alice"));
    assert_true(
        has(world.find("alice, %engineers ALL = (postgres) NOPASSWD: /usr/bin/psql\n"),
            "fault sudoers:1: alice, %engineers may run /usr/bin/psql, without a password"));
}

void in_the_group_style_only_who_may_ask_matters_and_only_for_the_same(void **)
{
    World world;
    world.gate.is_group_style = true;
    world.open = {"sudo", "sudo-i"};
    const std::string others = world.find(standing);
    assert_true(has(others, "note sudoers:2: carol may run ALL at any time"));
    assert_true(has(others, "note sudoers:3: %engineers may run /usr/bin/true"));
    assert_true(has(others, "fault sudoers:4: alice, %engineers may run /usr/bin/psql without the "
                            "group of role \"db\""));
    assert_true(others.find(lines_missing) == others.npos);
    assert_true(others.find("sudoers:5") == others.npos);
    for (const char *same :
         {"%engineers ALL=(ALL) ALL", "ALL ALL=(ALL) ALL", "bob ALL=(postgres) ALL",
          "%mixed ALL=(postgres,www) /usr/bin/", "alice ALL=(postgres) /usr/bin/p*",
          "alice ALL=(postgres) /usr/bin/psql -l", "alice ALL=(www) /bin/x, (ALL) /usr/bin/psql"})
        assert_true(has(world.find(std::string{same} + "\n"), "fault sudoers:1: "));
    for (const char *other :
         {"carol ALL=(ALL) ALL", "%ops ALL=(ALL) ALL", "%absent ALL=(ALL) ALL",
          "alice ALL=(www) ALL", "alice ALL=(postgres) /usr/bin/psqlx",
          "alice ALL=(postgres) !/usr/bin/psql", "alice ALL=/usr/bin/psql", "+net ALL=(ALL) ALL"})
        assert_true(has(world.find(std::string{other} + "\n"), "note sudoers:1: "));
    for (const char *none : {"root ALL=ALL", "%jit-db ALL=(ALL) ALL", "#0 ALL=ALL", ""})
        assert_text(world.find(std::string{none} + "\n"), "");
    // With names of the provider's anybody may be one who may ask.
    world.gate.roles[0].eligible = {"ALL"};
    assert_true(has(world.find("carol ALL=(ALL) ALL\n"), "fault sudoers:1: "));
}

void who_is_gated_by_no_role_passes_a_gate_that_is_not_strict(void **)
{
    World world;
    world.gate.is_everybody_gated = false;
    world.free_user = "carol";
    for (const char *passes :
         {"carol ALL=ALL", "%ops ALL=ALL", "%mixed, alice ALL=ALL", "ALL ALL=ALL"})
        assert_true(
            has(world.find(std::string{passes} + "\n"), "no role gates sudo for all of them"));
    for (const char *not_him : {"bob ALL=ALL", "%engineers ALL=ALL", "root ALL=ALL"})
        assert_text(world.find(std::string{not_him} + "\n"), "");
}

void a_service_of_sudo_s_that_does_not_ask_is_found_where_it_is_said(void **)
{
    World world;
    world.open = {"sudo-x"};
    const std::string text =
        "Defaults!/bin/x pam_service=sudo-x\nDefaults!/bin/y pam_service=sudo\n";
    for (const bool is_group : {false, true}) {
        world.gate.is_group_style = is_group;
        assert_text(world.find(text), "fault sudoers:1: sudo asks by the PAM service sudo-x here, "
                                      "whose file does not ask jit, or lets a refusal pass\n");
    }
}

void where_no_role_opens_sudo_nothing_goes_round_one(void **)
{
    World world;
    world.gate.roles.clear();
    world.open = {"sudo", "sudo-i"};
    assert_text(world.find(standing), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(behind_a_gate_that_holds_no_rule_goes_round_it),
        cmocka_unit_test(a_sudo_that_does_not_ask_the_account_phase_goes_round_it),
        cmocka_unit_test(without_the_gate_each_standing_rule_does_but_for_root_s_and_our_own),
        cmocka_unit_test(in_the_group_style_only_who_may_ask_matters_and_only_for_the_same),
        cmocka_unit_test(who_is_gated_by_no_role_passes_a_gate_that_is_not_strict),
        cmocka_unit_test(a_service_of_sudo_s_that_does_not_ask_is_found_where_it_is_said),
        cmocka_unit_test(where_no_role_opens_sudo_nothing_goes_round_one),
    };
    return cmocka_run_group_tests_name("doctor/way_round", tests, nullptr, nullptr);
}
