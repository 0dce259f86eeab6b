// What is taken goes into a file of sudo's as it stands: whatever sudoers(5) would read as more
// than one command has to be refused.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "policy/sudo_rule.h"
#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;

namespace {

void a_rule_is_read_in_its_parts(void **)
{
    const struct {
        const char *text;
        SudoRule rule;
    } table[] = {
        {"(postgres) /usr/bin/psql", {"postgres", "", "/usr/bin/psql"}},
        {"(ALL) ALL", {"ALL", "", "ALL"}},
        {"(ALL:ALL) ALL", {"ALL:ALL", "", "ALL"}},
        {"(postgres:dba) /usr/bin/psql -l *", {"postgres:dba", "", "/usr/bin/psql -l *"}},
        {"(:dba) /usr/bin/psql", {":dba", "", "/usr/bin/psql"}},
        {"(root) sudoedit /etc/hosts", {"root", "", "sudoedit /etc/hosts"}},
        {"(root) NOEXEC: /usr/bin/less", {"root", "NOEXEC: ", "/usr/bin/less"}},
        {"(root) NOEXEC: SETENV: ALL", {"root", "NOEXEC: SETENV: ", "ALL"}},
        {"(root) NOPASSWD: /bin/true", {"root", "NOPASSWD: ", "/bin/true"}},
        {"(root) /usr/local/sbin/", {"root", "", "/usr/local/sbin/"}},
        {"(svc-a.b_c@x) /bin/a", {"svc-a.b_c@x", "", "/bin/a"}},
    };
    for (const auto &row : table) {
        const auto rule = parse_sudo_rule(row.text);
        if (!rule)
            std::printf("refused: %s\n", row.text);
        assert_true(rule.has_value());
        assert_true(*rule == row.rule);
    }
}

void whatever_could_be_more_than_one_command_is_refused(void **)
{
    for (const std::string_view text : {"",
                                        "ALL",
                                        "/bin/sh",
                                        "(root)",
                                        "(root) ",
                                        "(root)/bin/sh",
                                        "root /bin/sh",
                                        "(root) /bin/sh\n",
                                        "(root) /bin/a\nalice ALL = ALL",
                                        "(root) /bin/a\r",
                                        "(root) /bin/a\t-x",
                                        "(root) /bin/a, /bin/sh",
                                        "(root) ALL, /bin/sh",
                                        "(root) ALL, !/bin/sh",
                                        "(root) !/bin/sh",
                                        "(root) /bin/a, (ALL) ALL",
                                        "(root) /bin/a !x",
                                        "(root) /bin/a #x",
                                        "(root) #include /tmp/x",
                                        "#include /tmp/x",
                                        "@include /tmp/x",
                                        "(root) @include /tmp/x",
                                        "(root) /bin/a \"x\"",
                                        "(root) \"/bin/a\"",
                                        "(root) /bin/a\\",
                                        "(root) /bin/a \\, /bin/sh",
                                        "(root) /bin/a \\\n",
                                        "(root) %wheel",
                                        "(root) /bin/a %x",
                                        "(root) /bin/a ^x",
                                        "(root) ^/bin/.*$",
                                        "(root) JIT_DBA",
                                        "(root) SHELLS",
                                        "(root) ALLX",
                                        "(root) all",
                                        "(root) bin/sh",
                                        "(root) ./sh",
                                        "(root) ../bin/sh",
                                        "(root) sh",
                                        "(root) /",
                                        "(root) sudoedit",
                                        "(root) sudoedit hosts",
                                        "(root) sudoedit ALL",
                                        "(root) sudoedit  /etc/hosts",
                                        "(root) sudoedit sudoedit /etc/hosts",
                                        "(root) list",
                                        "(root) /bin/a ",
                                        "(root)  /bin/a",
                                        "(root) /bin/a  b",
                                        " (root) /bin/a",
                                        "(root) sha224:0000 /bin/a",
                                        "(root) /bin/a = ALL",
                                        "(root) CWD=/ /bin/a",
                                        "(root) ROLE=x /bin/a",
                                        "(root) /bin/a : ALL = ALL",
                                        "(root) /bin/a:ALL",
                                        "(root) /bin/\xc3\xbc",
                                        "(root) /bin/a\x7f",
                                        "(root) LOG_OUTPUT: /bin/a",
                                        "(root) noexec: /bin/a",
                                        "(root) NOEXEC:/bin/a",
                                        "(root) NOEXEC : /bin/a",
                                        "(root) NOEXEC:",
                                        "(root) NOEXEC: ",
                                        "(root) : /bin/a",
                                        "(root) /bin/a NOEXEC: /bin/b"}) {
        if (parse_sudo_rule(text))
            std::printf("taken: %s\n", std::string{text}.c_str());
        assert_false(parse_sudo_rule(text).has_value());
    }
    assert_false(parse_sudo_rule(std::string_view{"(root) /bin/a\0b", 15}).has_value());
}

void whom_it_runs_as_is_one_name_or_two(void **)
{
    for (const std::string_view runas :
         {"",         ":",      "root:",  "a,b",   "a, b",  "!root", "ALL, !root", "#0",
          "%wheel",   "%#0",    "+net",   "a:b:c", "root ", " root", "a b",        "0",
          "\"root\"", "ro\not", "root\\", "(root", "-u",    "A=B",   "all:!x"}) {
        const std::string text = "(" + std::string{runas} + ") /bin/a";
        if (parse_sudo_rule(text))
            std::printf("taken: %s\n", text.c_str());
        assert_false(parse_sudo_rule(text).has_value());
    }
}

void a_rule_ends_with_512_bytes(void **)
{
    const std::string start = "(root) /bin/";
    assert_true(parse_sudo_rule(start + std::string(512 - start.size(), 'a')).has_value());
    assert_false(parse_sudo_rule(start + std::string(513 - start.size(), 'a')).has_value());
}

// --- in a role -----------------------------------------------------------------------------------

std::string faults_of(const std::string &lines)
{
    return all_of(parse_one(role_with(lines)).diagnostics);
}

void a_role_has_rules_in_their_order_and_a_service(void **)
{
    const Policy policy = role_policy("pam_service = \"sudo-web\"\n[role.web.sudo]\n"
                                      "rules = [\"(b) /bin/b\", \"(a) NOEXEC: /bin/a\"]\n");
    const Role &role = policy.roles[0];
    assert_int_equal(role.sudo_rules.size(), 2);
    assert_text(role.sudo_rules[0].command, "/bin/b");
    assert_text(role.sudo_rules[1].tags, "NOEXEC: ");
    assert_text(role.pam_service, "sudo-web");
    assert_true(role_policy("").roles[0].sudo_rules.empty());
    assert_true(role_policy("").roles[0].pam_service.empty());
}

void each_fault_of_it_is_said_at_its_place(void **)
{
    const std::string place = "/etc/jit/policy.d/a.toml:";
    assert_true(holds(faults_of("[role.web.sudo]\nrules = [\"(a) /bin/a\", \"/bin/b\"]\n"),
                      place + "8:24: rules: \"/bin/b\" is no rule, expected whom"));
    assert_true(holds(faults_of("[role.web.sudo]\nrules = []\n"), "rules: the list is empty"));
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += "\"(a) /bin/a" + std::to_string(i) + "\",";
    assert_true(
        holds(faults_of("[role.web.sudo]\nrules = [" + many + "]\n"), "more than 64 rules"));
    assert_true(holds(faults_of("services = [\"su\"]\n[role.web.sudo]\nrules = [\"(a) /bin/a\"]\n"),
                      "the role does not open sudo"));
    assert_true(holds(faults_of("[role.web.sudo]\nrule = [\"(a) /bin/a\"]\n"), "rule"));
    assert_true(holds(faults_of("[role.web.sudo]\nrules = \"(a) /bin/a\"\n"), "expected a list"));
    assert_true(holds(faults_of("pam_service = \"sudo-web\"\n"), "pam_service: sudo uses it for"));
}

void a_service_of_its_own_is_no_other_one(void **)
{
    for (const char *name : {"sudo", "sudo-i", "su", "su-l", "sshd", "login", "Sudo-Web", "a b",
                             "../x", "a/b", "", "-x", "a\\nb"})
        assert_true(holds(faults_of("pam_service = \"" + std::string{name} +
                                    "\"\n[role.web.sudo]\nrules = [\"(a) /bin/a\"]\n"),
                          "can't be a service of this role's own"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_read_in_its_parts),
        cmocka_unit_test(whatever_could_be_more_than_one_command_is_refused),
        cmocka_unit_test(whom_it_runs_as_is_one_name_or_two),
        cmocka_unit_test(a_rule_ends_with_512_bytes),
        cmocka_unit_test(a_role_has_rules_in_their_order_and_a_service),
        cmocka_unit_test(each_fault_of_it_is_said_at_its_place),
        cmocka_unit_test(a_service_of_its_own_is_no_other_one),
    };
    return cmocka_run_group_tests_name("policy/sudo_rule", tests, nullptr, nullptr);
}
