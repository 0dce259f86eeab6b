// sudo's side of a policy, and which doors a role with a PAM service of its own stands at.
#include "tests/unit/cmocka_cpp.h"

#include "policy/overlap.h"
#include "policy/services.h"
#include "policy/sudoers.h"
#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;

namespace {

using Doors = std::vector<std::string_view>;

Config config_of(const std::string &map)
{
    Config config;
    config.users = {{"alice", std::string{alice_id}},
                    {"bob", "B0B00000-0000-4000-8000-000000000002"}};
    if (map.empty())
        config.users.clear();
    return config;
}

std::string gate_of(const Policy &policy, const std::string &map = "both", const Host &where = host)
{
    return render_sudoers(policy, config_of(map), where, SudoersStyle::gate);
}

std::string group_of(const Policy &policy)
{
    return render_sudoers(policy, config_of("both"), host, SudoersStyle::group);
}

const std::string gate_head =
    "# Made by `jitctl sudoers --style gate` out of /etc/jit. Check it with `visudo -c` before it "
    "is left in /etc/sudoers.d.\n"
    "# These rules stand always: it is pam_jit in the PAM stack that asks. Without its three lines "
    "there they\n# hold without a grant.\n";
const std::string group_head =
    "# Made by `jitctl sudoers --style group` out of /etc/jit. Check it with `visudo -c` before it "
    "is left in /etc/sudoers.d.\n"
    "# Needs this line in /etc/sudo.conf, or sudo sees neither a grant nor its end:\n"
    "#   Set group_source dynamic\n";

const std::string service_note =
    "# sudo finds pam_service by the command alone: let no other rule give "
    "the same command as somebody else.\n";

// Accounts of its own: so it overlaps with no other.
std::string role_of(const std::string &name, const std::string &lines, const std::string &rules)
{
    return role_with("accounts = [\"" + name + "\"]\n" + lines + "\n[role.\"" + name +
                         "\".sudo]\nrules = [" + rules + "]\n",
                     "\"" + name + "\"");
}

void both_styles_are_told_to_the_letter(void **)
{
    const Policy policy =
        policy_of(role_of("dba",
                          "description = \"databases\"\ngroups = [\"jit-dba\", \"jit-db\"]\n"
                          "pam_service = \"sudo-dba\"\n",
                          "\"(postgres) /usr/bin/psql\", \"(root) NOEXEC: sudoedit /etc/hosts\"") +
                  role_of("web",
                          "requesters = [\"user:b0b00000-0000-4000-8000-000000000002\", "
                          "\"local-group:ops\"]",
                          "\"(ALL) ALL\", \"(www) /bin/a\""));
    assert_text(gate_of(policy),
                gate_head + service_note +
                    "\n# role dba: databases\n"
                    "Cmnd_Alias JIT_DBA = /usr/bin/psql, sudoedit /etc/hosts\n"
                    "Defaults!JIT_DBA timestamp_timeout=0, pam_service=sudo-dba, "
                    "pam_login_service=sudo-dba\n"
                    "alice ALL = (postgres) /usr/bin/psql, (root) NOEXEC: sudoedit /etc/hosts\n"
                    "\n# role web\n"
                    "Cmnd_Alias JIT_WEB = ALL\n"
                    "Defaults!JIT_WEB timestamp_timeout=0\n"
                    "%ops, bob ALL = (ALL) ALL, (www) /bin/a\n");
    assert_text(
        group_of(policy),
        group_head + service_note +
            "\n# role dba: databases\n"
            "Cmnd_Alias JIT_DBA = /usr/bin/psql, sudoedit /etc/hosts\n"
            "Defaults!JIT_DBA timestamp_timeout=0, pam_service=sudo-dba, "
            "pam_login_service=sudo-dba\n"
            "%jit-dba, %jit-db ALL = (postgres) /usr/bin/psql, (root) NOEXEC: sudoedit /etc/hosts\n"
            "\n# role web\n"
            "Cmnd_Alias JIT_WEB = ALL\n"
            "Defaults!JIT_WEB timestamp_timeout=0\n"
            "%jit-web ALL = (ALL) ALL, (www) /bin/a\n");
}

void whom_only_a_sign_in_can_tell_is_every_mapped_user(void **)
{
    for (const std::string &entry :
         {"group:" + std::string{group_id}, std::string{"approle:ops"}}) {
        const Policy policy =
            policy_of(role_of("web", "requesters = [\"" + entry + "\"]", "\"(a) /bin/a\""));
        assert_true(holds(gate_of(policy), "\nalice, bob ALL = (a) /bin/a\n"));
    }
}

void a_role_of_nobody_s_here_has_no_rule(void **)
{
    const Policy policy = policy_of(role_of("web", "", "\"(a) /bin/a\""));
    const std::string text = gate_of(policy, "");
    assert_true(holds(text, "\n# role web\n# nobody: no user of [users] map could be a requester"));
    assert_false(holds(text, " ALL = "));
    assert_false(holds(text, "Cmnd_Alias"));
}

void roles_of_other_hosts_and_without_rules_are_left_out(void **)
{
    const Policy policy = policy_of(role_of("web", "hosts = [\"tag:prod\"]", "\"(a) /bin/a\"") +
                                    role_with("accounts = [\"other\"]\n", "other"));
    assert_true(holds(gate_of(policy), "JIT_WEB"));
    assert_false(holds(gate_of(policy), "role other"));
    const std::string none = gate_of(policy, "both", {"test01", {"test"}});
    assert_text(none, gate_head + "\n# No role of this host has sudo.rules.\n");
}

void names_that_would_make_one_alias_make_two(void **)
{
    const Policy policy =
        policy_of(role_of("a-b", "", "\"(a) /bin/a\"") + role_of("a.b", "", "\"(b) /bin/b\"") +
                  role_of("a_b_2", "", "\"(c) /bin/c\"") + role_of("A_B", "", "\"(d) /bin/d\""));
    const std::string text = gate_of(policy);
    for (const char *line :
         {"Cmnd_Alias JIT_A_B = ", "Cmnd_Alias JIT_A_B_2 = ", "Cmnd_Alias JIT_A_B_3 = "})
        assert_true(holds(text, line));
    std::size_t aliases = 0;
    std::vector<std::string> seen;
    for (std::size_t at = text.find("Cmnd_Alias "); at != text.npos;
         at = text.find("Cmnd_Alias ", at + 1)) {
        ++aliases;
        const std::string alias = text.substr(at, text.find(" =", at) - at);
        for (const std::string &other : seen)
            assert_true(other != alias);
        seen.push_back(alias);
    }
    assert_int_equal(aliases, 4);
}

// Sudo takes no comment to go on in the next line, whatever it ends with.
void a_description_is_a_comment_of_one_line(void **)
{
    const Policy policy = policy_of(
        role_of("web", "description = '#include /tmp/x, ALL=(ALL) ALL'", "\"(a) /bin/a\""));
    assert_true(holds(gate_of(policy), "\n# role web: #include /tmp/x, ALL=(ALL) ALL\n"
                                       "Cmnd_Alias JIT_WEB = /bin/a\n"));
    for (const char *text : {"a\\nALL ALL=(ALL) ALL", "a\\rb"})
        assert_false(
            parse_one(role_with("description = \"" + std::string{text} + "\"")).policy.has_value());
}

// --- doors ---------------------------------------------------------------------------------------

Role role_at(std::vector<std::string> services, std::string pam_service,
             std::vector<SudoRule> rules = {})
{
    Role role;
    role.services = std::move(services);
    role.pam_service = std::move(pam_service);
    role.sudo_rules = std::move(rules);
    role.accounts = {{false, "*"}};
    return role;
}

void a_service_of_its_own_stands_in_the_place_of_sudo_alone(void **)
{
    assert_true(doors_of(role_at({}, "")).empty());
    assert_true(doors_of(role_at({"sudo"}, "")) == (Doors{"sudo", "sudo-i"}));
    assert_true(doors_of(role_at({"sudo-i"}, "")) == (Doors{"sudo-i"}));
    assert_true(doors_of(role_at({"su", "sudo", "su-l"}, "")) ==
                (Doors{"su", "su-l", "sudo", "sudo-i"}));
    const Role own = role_at({"sudo"}, "sudo-dba");
    assert_true(doors_of(own) == (Doors{"sudo-dba"}));
    const Role both = role_at({"su", "sudo-i", "sudo"}, "sudo-dba");
    assert_true(doors_of(both) == (Doors{"su", "su-l", "sudo-dba"}));
}

void a_role_with_a_service_of_its_own_gates_that_and_not_sudo(void **)
{
    const Policy policy =
        policy_of(role_of("alice", "pam_service = \"sudo-dba\"", "\"(a) /bin/a\""));
    const auto gates = [&](const char *service) {
        Policy unindexed;
        unindexed.roles = policy.roles;
        const auto found = gating_roles(policy, {service, {"alice"}});
        assert_true(found.size() == gating_roles(unindexed, {service, {"alice"}}).size());
        return !found.empty();
    };
    assert_true(gates("sudo-dba"));
    assert_false(gates("sudo"));
    assert_false(gates("sudo-i"));
    assert_false(gates("su"));
}

void roles_overlap_at_a_door_unless_what_is_behind_it_is_the_same(void **)
{
    const SudoRule psql{"postgres", "", "/usr/bin/psql"};
    const SudoRule all{"ALL", "", "ALL"};
    const SudoRule quiet{"postgres", "NOEXEC: ", "/usr/bin/psql"};
    const auto overlap = [](const Role &a, const Role &b) {
        const auto found = find_overlap(a, b);
        const auto back = find_overlap(b, a);
        assert_true(found.has_value() == back.has_value());
        return found ? std::string{found->service} : "";
    };
    assert_text(overlap(role_at({"sudo"}, ""), role_at({"sudo"}, "")), "sudo");
    // The same rules may share a door; no rules are not the same rules.
    assert_text(overlap(role_at({"sudo"}, "", {psql}), role_at({"sudo"}, "", {psql})), "");
    assert_text(overlap(role_at({"sudo"}, "", {psql}), role_at({"sudo"}, "", {all})), "sudo");
    assert_text(overlap(role_at({"sudo"}, "", {psql}), role_at({"sudo"}, "", {quiet})), "sudo");
    assert_text(overlap(role_at({"sudo"}, "", {psql}), role_at({"sudo"}, "", {psql, all})), "sudo");
    assert_text(overlap(role_at({"sudo"}, "", {psql}), role_at({"sudo"}, "")), "sudo");
    // Doors of their own are apart from sudo and from each other.
    assert_text(overlap(role_at({"sudo"}, "sudo-a", {psql}), role_at({"sudo"}, "", {all})), "");
    assert_text(overlap(role_at({"sudo"}, "sudo-a", {psql}), role_at({"sudo"}, "sudo-b", {all})),
                "");
    assert_text(overlap(role_at({"sudo"}, "sudo-a", {psql}), role_at({"sudo-i"}, "sudo-a", {all})),
                "sudo-a");
    // Rules are sudo's: su lets everything by.
    assert_text(overlap(role_at({"su", "sudo"}, "sudo-a", {psql}), role_at({"su"}, "")), "su");
}

void accounts_that_both_match_are_found(void **)
{
    const auto common = [](std::vector<AccountPattern> a, std::vector<AccountPattern> b) {
        Role left = role_at({"sudo"}, "");
        Role right = left;
        left.accounts = std::move(a);
        right.accounts = std::move(b);
        return common_account(left, right).first;
    };
    assert_text(common({{false, "db1"}}, {{false, "db*"}}), "db1");
    assert_text(common({{false, "db*"}}, {{false, "db1"}}), "db1");
    assert_text(common({{false, "db1"}}, {{false, "db2"}}), "");
    assert_text(common({{false, "db*"}, {true, "db1"}}, {{false, "db1"}}), "");
    assert_text(common({{false, "db*"}}, {{false, "app*"}}), "");
    assert_text(common({{false, "db*"}}, {{false, "*1"}}), "*1");
    assert_text(common({{false, "db*"}, {true, "app*"}}, {{false, "app*"}}), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_styles_are_told_to_the_letter),
        cmocka_unit_test(whom_only_a_sign_in_can_tell_is_every_mapped_user),
        cmocka_unit_test(a_role_of_nobody_s_here_has_no_rule),
        cmocka_unit_test(roles_of_other_hosts_and_without_rules_are_left_out),
        cmocka_unit_test(names_that_would_make_one_alias_make_two),
        cmocka_unit_test(a_description_is_a_comment_of_one_line),
        cmocka_unit_test(a_service_of_its_own_stands_in_the_place_of_sudo_alone),
        cmocka_unit_test(a_role_with_a_service_of_its_own_gates_that_and_not_sudo),
        cmocka_unit_test(roles_overlap_at_a_door_unless_what_is_behind_it_is_the_same),
        cmocka_unit_test(accounts_that_both_match_are_found),
    };
    return cmocka_run_group_tests_name("policy/sudoers", tests, nullptr, nullptr);
}
