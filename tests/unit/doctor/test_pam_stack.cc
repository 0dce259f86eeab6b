#include "tests/unit/cmocka_cpp.h"

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "doctor/pam_stack.h"

using namespace jit::doctor;

namespace {

using Files = std::map<std::string, std::string>;

std::vector<Finding> judge(const Files &files, const std::string &service = "sudo")
{
    return judge_service(service, [&](const std::string &name) {
        const auto found = files.find(name);
        return found == files.end() ? std::optional<std::string>{} : found->second;
    });
}

const std::string auth = "auth [success=done ignore=ignore default=die] pam_jit.so\n";
const std::string account = "account requisite pam_jit.so\n";
const std::string session = "session optional pam_jit.so\n";

// The findings as "fault sudo:2 what", one a line.
std::string found(const Files &files, const std::string &service = "sudo")
{
    std::string all;
    for (const Finding &one : judge(files, service)) {
        assert_true(one.where.starts_with("/etc/pam.d/"));
        all += (one.kind == Finding::Kind::fault ? "fault " : "note ") + one.where.substr(11) +
               " " + one.what + "\n";
    }
    return all;
}
std::string found(const std::string &text, const std::string &service = "sudo")
{
    return found(Files{{service, text},
                       {"common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\n"
                                       "auth requisite pam_deny.so\nauth required pam_permit.so\n"},
                       {"common-account", "account [success=1 new_authtok_reqd=done "
                                          "default=ignore] pam_unix.so\n"
                                          "account requisite pam_deny.so\n"
                                          "account required pam_permit.so\n"}},
                 service);
}

std::string example(const std::string &service)
{
    std::ifstream file{"packaging/examples/pam-" + service};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// As they stand before the host's own lines.
void the_examples_that_are_shipped_are_without_a_finding(void **)
{
    const std::string rest = "@include common-auth\n@include common-account\n";
    for (const std::string service : {"sudo", "sudo-i", "su", "su-l", "sshd"}) {
        const std::string lines = example(service.substr(0, service.find('-')));
        assert_true(lines.find("pam_jit.so") != std::string::npos);
        assert_text(found(lines + rest, service), "");
    }
    assert_text(found("auth sufficient pam_rootok.so\n" + example("su") + rest, "su"), "");
    assert_text(found(example("login") + "@include common-account\n", "login"), "");
    assert_text(found(example("polkit-1"), "polkit-1"), "");
}

void the_lines_of_the_manual_are_without_a_finding(void **)
{
    assert_text(found(auth + account + session), "");
    assert_text(
        found(auth + account + session +
              "@include common-auth\n@include common-account\nsession required pam_unix.so\n"),
        "");
    // Both the password and the role; required; a path; with arguments.
    assert_text(found("auth requisite pam_jit.so proven\n@include common-auth\n"
                      "account required /usr/lib/security/pam_jit.so role=web\n" +
                      session),
                "");
    // Root alone passes by, whom jit does not ask either.
    assert_text(found("auth sufficient pam_rootok.so\n" + auth + account + session), "");
}

void a_line_that_is_missing_is_found(void **)
{
    assert_text(found(auth + session),
                "fault sudo no account line of pam_jit.so, which alone is asked with a ticket, "
                "NOPASSWD or a key\n");
    assert_text(found(account + session),
                "note sudo no auth line of pam_jit.so: nobody can ask for a role there\n");
    assert_text(found(auth + account),
                "note sudo no session line of pam_jit.so: single_use does not end there, and what "
                "runs is not recorded or ended\n");
    assert_text(found(Files{}),
                "fault sudo there is no such file, so PAM takes /etc/pam.d/other\n");
}

void one_that_is_for_other_services_is_none(void **)
{
    assert_text(found(auth + "account requisite pam_jit.so only=su,su-l\n" + session),
                "fault sudo no account line of pam_jit.so, which alone is asked with a ticket, "
                "NOPASSWD or a key\n");
    assert_text(found(auth + "account requisite pam_jit.so only=su,SUDO\n" + session), "");
    assert_text(found(auth + "account requisite pam_jit.so only=sudo-i only=\n" + session),
                "fault sudo no account line of pam_jit.so, which alone is asked with a ticket, "
                "NOPASSWD or a key\n");
}

void a_control_that_lets_a_refusal_pass_is_found(void **)
{
    for (const char *control : {"sufficient", "optional", "[default=ignore]",
                                "[success=done default=ignore]", "[success=1 default=ignore]",
                                "[default=ok]", "[default=done]", "[default=reset]", "[default=1]"})
        assert_text(found(auth + "account " + control + " pam_jit.so\n" + session),
                    "fault sudo:2 \"" + std::string{control} +
                        "\" lets perm_denied of pam_jit.so pass: a refusal does not stay one\n");
    assert_text(
        found(auth + "account [default=die conv_err=ignore] pam_jit.so\n" + session),
        "fault sudo:2 \"[default=die conv_err=ignore]\" lets conv_err of pam_jit.so pass: a "
        "refusal does not stay one\n");
    assert_text(found("auth sufficient pam_jit.so\n" + account + session),
                "note sudo:1 \"sufficient\" lets auth_err of pam_jit.so pass: a refusal does not "
                "stay one; the account phase still refuses\n");
    assert_text(found(auth + "account frobnicate pam_jit.so\n" + session),
                "fault sudo:2 \"frobnicate\" is no control of PAM's\n");
}

void a_line_that_denies_behind_it_keeps_a_refusal(void **)
{
    const auto with = [](const std::string &control, const std::string &next) {
        return found(auth + "account " + control + " pam_jit.so\naccount " + next +
                     "\naccount required pam_permit.so\n" + session);
    };
    assert_text(with("[success=1 default=ignore]", "requisite pam_deny.so"), "");
    assert_text(with("[success=1 new_authtok_reqd=done default=ignore]", "required pam_deny.so"),
                "");
    for (const char *next :
         {"optional pam_deny.so", "requisite pam_x.so", "sufficient pam_deny.so"})
        assert_true(with("[success=1 default=ignore]", next).starts_with("fault sudo:2"));
    assert_true(with("sufficient", "requisite pam_deny.so").starts_with("fault sudo:2"));
    assert_true(with("[success=1 abort=1 default=ignore]", "requisite pam_deny.so")
                    .starts_with("fault sudo:2"));
}

void what_ends_the_stack_before_it_is_found(void **)
{
    for (const char *control : {"sufficient", "[success=done default=ignore]", "[success=1]",
                                "[default=done]", "[user_unknown=2 default=bad]"})
        assert_text(found(auth + "account " + control + " pam_x.so\n" + account + session),
                    "fault sudo:2 " + std::string{control} +
                        " pam_x.so may end account before pam_jit.so is asked\n");
    // A jump that does not reach over it.
    assert_text(found(auth +
                      "account [success=1 default=bad] pam_x.so\n"
                      "account required pam_y.so\n" +
                      account + session),
                "");
    assert_text(found(auth + "@include common-account\n" + account + session),
                "fault common-account:1 [success=1 new_authtok_reqd=done default=ignore] "
                "pam_unix.so may end account before pam_jit.so is asked\n");
    assert_text(
        found("auth sufficient pam_x.so\n" + auth + account + session),
        "note sudo:1 sufficient pam_x.so may end auth before pam_jit.so is asked; the account "
        "phase still refuses\n");
}

void a_substack_ends_itself_alone(void **)
{
    const auto with = [](const std::string &text, const std::string &stack) {
        return found(Files{{"sudo", text}, {"s", stack}});
    };
    // What is done in a substack before it does not lead past it.
    assert_text(
        with(auth + "account substack s\n" + account + session, "account sufficient pam_x.so\n"),
        "");
    // Within the same one it does.
    assert_text(
        with(auth + "account substack s\n" + session, "account sufficient pam_x.so\n" + account),
        "fault s:1 sufficient pam_x.so may end account before pam_jit.so is asked\n");
    // And so does a jump over the whole of it.
    assert_text(
        with(auth + "account [success=1 default=bad] pam_x.so\naccount substack s\n" + session,
             account),
        "fault sudo:2 [success=1 default=bad] pam_x.so may end account before pam_jit.so is "
        "asked\n");
    // It has died in its substack, and the stack around it goes on.
    assert_text(
        with(auth + "account substack s\naccount [default=reset] pam_x.so\n" + session, account),
        "fault sudo:3 \"reset\" after pam_jit.so forgets its refusal\n");
}

void a_reset_after_it_is_found_where_the_stack_goes_on(void **)
{
    const std::string reset = "account [success=ok default=reset] pam_x.so\n";
    assert_text(found(auth + "account required pam_jit.so\n" + reset + session),
                "fault sudo:3 \"reset\" after pam_jit.so forgets its refusal\n");
    assert_text(found(auth + account + reset + session), "");
}

void a_line_that_only_observes_is_said(void **)
{
    assert_text(found(auth + "account requisite pam_jit.so observe\n" + session),
                "note sudo:2 observe: would-be refusals are recorded, and nobody is refused\n");
}

void each_fault_says_what_to_write(void **)
{
    for (const Finding &one : judge(Files{{"sudo", "account sufficient pam_jit.so\n"}}))
        assert_true(one.advice.starts_with("write"));
}

void a_file_names_the_module_or_does_not(void **)
{
    assert_true(names_module(auth));
    assert_true(names_module("-account required /x/pam_jit.so\n"));
    assert_false(names_module("# auth required pam_jit.so\n@include pam_jit\n"));
    assert_false(names_module("auth required pam_jit.so.bak\n"));
}

void polkit_needs_no_session_line(void **)
{
    const std::string lines = "auth requisite pam_jit.so proven\naccount requisite pam_jit.so\n";
    const auto read = [&](const std::string &) { return std::optional{lines}; };
    assert_true(judge_service("polkit-1", read).empty());
    assert_int_equal(judge_service("login", read).size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_that_are_shipped_are_without_a_finding),
        cmocka_unit_test(the_lines_of_the_manual_are_without_a_finding),
        cmocka_unit_test(a_line_that_is_missing_is_found),
        cmocka_unit_test(one_that_is_for_other_services_is_none),
        cmocka_unit_test(a_control_that_lets_a_refusal_pass_is_found),
        cmocka_unit_test(a_line_that_denies_behind_it_keeps_a_refusal),
        cmocka_unit_test(what_ends_the_stack_before_it_is_found),
        cmocka_unit_test(a_substack_ends_itself_alone),
        cmocka_unit_test(a_reset_after_it_is_found_where_the_stack_goes_on),
        cmocka_unit_test(a_line_that_only_observes_is_said),
        cmocka_unit_test(each_fault_says_what_to_write),
        cmocka_unit_test(a_file_names_the_module_or_does_not),
        cmocka_unit_test(polkit_needs_no_session_line),
    };
    return cmocka_run_group_tests_name("doctor/pam_stack", tests, nullptr, nullptr);
}
