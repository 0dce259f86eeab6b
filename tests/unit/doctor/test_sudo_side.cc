#include "tests/unit/cmocka_cpp.h"

#include <map>
#include <string>

#include "doctor/sudo_side.h"

using namespace jit::doctor;

namespace {

SudoSide read(const std::string &text)
{
    SudoSide side;
    read_sudoers("/etc/sudoers", text, {"jit-web"}, side);
    return side;
}

void a_sudo_that_does_not_ask_the_account_phase_is_found(void **)
{
    for (const char *text :
         {"Defaults !pam_acct_mgmt\n", "Defaults:alice  env_reset,!pam_acct_mgmt",
          "Defaults \\\n  !pam_acct_mgmt\n"}) {
        const SudoSide side = read(text);
        assert_int_equal(side.findings.size(), 1);
        assert_text(side.findings[0].where, "/etc/sudoers:1");
    }
    for (const char *text : {"", "# Defaults !pam_acct_mgmt\n", "Defaults pam_acct_mgmt\n",
                             "Defaults env_reset # !pam_acct_mgmt\n"})
        assert_true(read(text).findings.empty());
    assert_text(read("\n#1000 ALL=(ALL) ALL\nDefaults !pam_acct_mgmt\n").findings[0].where,
                "/etc/sudoers:3");
}

void what_is_included_from_elsewhere_is_said(void **)
{
    for (const char *text : {"@include /etc/sudoers.local\n", "#include /etc/x\n",
                             "@includedir /srv/sudoers.d\n", "#includedir /etc/sudoers.d2 # x\n"}) {
        const SudoSide side = read(text);
        assert_int_equal(side.findings.size(), 1);
        assert_true(side.findings[0].kind == Finding::Kind::note);
    }
    for (const char *text : {"@includedir /etc/sudoers.d\n", "#includedir /etc/sudoers.d\n",
                             "# include /etc/x\n", "@\n", "include /etc/x\n"})
        assert_true(read(text).findings.empty());
}

void the_services_that_it_asks_by_are_known(void **)
{
    const SudoSide side = read("Defaults!DBA pam_service=sudo-dba, pam_login_service=\"sudo-l\"\n"
                               "Defaults>bob pam_askpass_service = sudo-a\n"
                               "#Defaults pam_service=no\nDefaults pam_service\n");
    assert_true(side.services ==
                (std::map<std::string, std::string>{{"sudo-a", "/etc/sudoers:2"},
                                                    {"sudo-dba", "/etc/sudoers:1"},
                                                    {"sudo-l", "/etc/sudoers:1"}}));
}

void settings_by_which_nobody_is_asked_are_no_finding_by_themselves(void **)
{
    const SudoSide side = read("Defaults:alice !authenticate\nDefaults exempt_group=\"admins\"\n"
                               "Defaults authenticate\n# Defaults !authenticate\n");
    assert_true(side.findings.empty());
    assert_int_equal(side.unasked.size(), 2);
    assert_text(side.unasked[0].where, "/etc/sudoers:1");
    assert_text(side.unasked[1].where, "/etc/sudoers:2");
}

void a_rule_for_the_group_of_a_role_is_seen(void **)
{
    assert_text(read("%jit-web ALL=(ALL) ALL\n%jit-web ALL=(ALL) ALL\n").group_rule,
                "/etc/sudoers:1");
    assert_text(read("%jit-webs ALL=(ALL) ALL\njit-web ALL=(ALL) ALL\n#%jit-web\n").group_rule, "");
}

void sudo_asks_for_groups_as_its_conf_says_last(void **)
{
    assert_true(has_dynamic_groups("Set group_source dynamic\n"));
    assert_true(
        has_dynamic_groups("# x\nSet group_source static\n Set\tgroup_source  dynamic # y"));
    for (const char *text : {"", "#Set group_source dynamic\n", "Set group_source adaptive\n",
                             "Set group_source dynamic\nSet group_source static\n",
                             "set group_source dynamic\n", "Set group_source\n"})
        assert_false(has_dynamic_groups(text));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_sudo_that_does_not_ask_the_account_phase_is_found),
        cmocka_unit_test(what_is_included_from_elsewhere_is_said),
        cmocka_unit_test(the_services_that_it_asks_by_are_known),
        cmocka_unit_test(settings_by_which_nobody_is_asked_are_no_finding_by_themselves),
        cmocka_unit_test(a_rule_for_the_group_of_a_role_is_seen),
        cmocka_unit_test(sudo_asks_for_groups_as_its_conf_says_last),
    };
    return cmocka_run_group_tests_name("doctor/sudo_side", tests, nullptr, nullptr);
}
