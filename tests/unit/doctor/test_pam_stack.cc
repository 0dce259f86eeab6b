#include "tests/unit/cmocka_cpp.h"

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "doctor/pam_stack.h"

using namespace jit::doctor;

namespace {

using Files = std::map<std::string, std::string>;

std::vector<Finding> judge(const Files &files, const std::string &service = "sudo",
                           bool may_start_unproven = false)
{
    return judge_service(
        service,
        [&](const std::string &name) {
            const auto found = files.find(name);
            return found == files.end() ? std::optional<std::string>{} : found->second;
        },
        may_start_unproven);
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
    const std::string lines = "auth required pam_unix.so\nauth requisite pam_jit.so proven\n"
                              "account requisite pam_jit.so\n";
    const auto read = [&](const std::string &) { return std::optional{lines}; };
    assert_true(judge_service("polkit-1", read).empty());
    assert_int_equal(judge_service("login", read).size(), 1);
}

const std::string proven = "auth requisite pam_jit.so proven\n";
const std::string behind =
    "write, behind the line that asks for the password: auth requisite pam_jit.so proven";

// A line that takes whoever types a name for its owner, behind these.
std::string taken(const std::string &before, const std::string &service = "login",
                  const Files &more = {})
{
    Files files{{service, account + session + before + proven}};
    files.insert(more.begin(), more.end());
    return found(files, service);
}
std::string at(const std::string &place)
{
    return "fault " + place +
           " proven, and who has proven nothing comes as far as that: whoever types a name is "
           "taken for its owner\n";
}

// What Debian has, shadow's and util-linux's, lines of ours put in.
std::string debian_login(bool is_of_shadow, const std::string &first, const std::string &behind_it)
{
    return first +
           "auth       optional   pam_faildelay.so  delay=3000000\n"
           "auth       requisite  pam_nologin.so\n"
           "session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so "
           "close\n"
           "session    required     pam_loginuid.so\n"
           "session    optional   pam_motd.so motd=/run/motd.dynamic\n"
           "session    optional   pam_motd.so noupdate\n"
           "session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so "
           "open\n"
           "session       required   pam_env.so readenv=1\n"
           "session       required   pam_env.so readenv=1 envfile=/etc/default/locale\n"
           "@include common-auth\n" +
           behind_it +
           "auth       optional   pam_group.so\n"
           "session    required   pam_limits.so\n" +
           (is_of_shadow ? "session    optional   pam_lastlog.so\n" : "") +
           "session    optional   pam_mail.so standard\n"
           "session    optional   pam_keyinit.so force revoke\n"
           "@include common-account\n"
           "@include common-session\n"
           "@include common-password\n";
}
std::string debian_polkit(const std::string &first, const std::string &behind_it)
{
    return first + "@include common-auth\n" + behind_it +
           "account requisite pam_jit.so\n"
           "@include common-account\n"
           "@include common-password\n"
           "session       required   pam_env.so readenv=1 user_readenv=0\n"
           "session       required   pam_env.so readenv=1 envfile=/etc/default/locale "
           "user_readenv=0\n"
           "@include common-session-noninteractive\n";
}

void behind_debians_own_lines_it_is_proven(void **)
{
    for (const bool is_of_shadow : {true, false}) {
        assert_text(found(debian_login(is_of_shadow, account + session, proven), "login"), "");
        assert_text(found(debian_login(is_of_shadow, proven + account + session, ""), "login"),
                    at("login:1"));
    }
    assert_text(found(debian_polkit("", proven), "polkit-1"), "");
    assert_text(found(debian_polkit(proven, ""), "polkit-1"), at("polkit-1:1"));
}

void proven_with_nothing_before_it_is_found(void **)
{
    assert_text(taken(""), at("login:3"));
    for (const char *before :
         {"auth required pam_permit.so\n", "auth requisite pam_nologin.so\n",
          "auth required pam_env.so\n", "auth required /lib/security/pam_securetty.so\n",
          "auth required pam_rootok.so\n", "auth optional pam_unix.so\n",
          "auth sufficient pam_unix.so\n", "auth [default=ignore] pam_unix.so\n",
          "auth requisite pam_jit.so proven\n", "auth [success=1 default=ignore] pam_unix.so\n",
          "auth requisite pam_succeed_if.so user ingroup staff\n"}) {
        const std::string all = taken(before);
        assert_true(all.find(at("login:4")) != all.npos || all.find(at("login:3")) != all.npos);
    }
    // The account's lines prove nothing, nor do those behind it.
    assert_text(found(account + session + proven + "auth required pam_unix.so\n", "login"),
                at("login:3"));
    // It is so in sshd, and in a service of anybody's.
    assert_text(taken("", "sshd"), at("sshd:3"));
    assert_text(taken("", "sshd-jit"), at("sshd-jit:3"));
    assert_text(taken("", "x"), at("x:3"));
    assert_text(taken("auth required pam_unix.so\n", "sshd"), "");
    assert_text(taken("auth required pam_unix.so\n", "x"), "");
    // The real uid proves it.
    for (const char *service : {"sudo", "sudo-i", "sudo-dba", "su", "su-l"})
        assert_text(taken("", service), "");
    // Each line of it, and of no other service.
    const std::string two = found(account + session + proven + proven, "login");
    assert_text(two, at("login:3") + at("login:4"));
    assert_text(found(account + session +
                          "auth required pam_jit.so only=x proven\n"
                          "auth required pam_unix.so\n" +
                          proven,
                      "login"),
                "");
}

void what_refuses_a_stranger_before_it_proves(void **)
{
    for (const char *before :
         {"auth required pam_unix.so\n", "auth requisite pam_sss.so\n",
          "auth [success=ok default=die] pam_unix.so\n", "auth [success=ok] pam_unix.so\n",
          "auth [success=ok user_unknown=ignore default=bad] pam_unix.so\n",
          "auth requisite pam_x.so\nauth optional pam_y.so\n",
          "auth required pam_env.so\nauth required pam_unix.so\n",
          // Its jump leads to where a stranger does not come.
          "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
          "auth required pam_permit.so\n",
          "auth [success=2 default=ignore] pam_unix.so\n"
          "auth [success=1 default=ignore] pam_sss.so\nauth requisite pam_deny.so\n"
          "auth required pam_permit.so\n",
          "auth required pam_faillock.so preauth\nauth [success=1 default=bad] pam_unix.so\n"
          "auth [default=die] pam_faillock.so authfail\nauth optional pam_permit.so\n"})
        assert_text(taken(before), "");
    // Who is let past what asks him.
    for (const char *before :
         {"auth [success=1 default=ignore] pam_succeed_if.so user ingroup staff\n"
          "auth requisite pam_unix.so\n",
          "auth [default=1] pam_unix.so\nauth requisite pam_deny.so\nauth optional pam_x.so\n",
          "auth required pam_unix.so\nauth [default=reset] pam_x.so\n"}) {
        const std::string all = taken(before);
        assert_true(all.find("whoever types a name") != all.npos);
    }
    // A jump over more lines than there are is libpam's own refusal.
    assert_true(taken("auth [default=9] pam_unix.so\n").find("whoever") == std::string::npos);
}

void a_substack_before_it_proves_by_what_is_in_it(void **)
{
    const auto with = [](const std::string &stack, const std::string &kind = "substack") {
        return taken("auth " + kind + " s\n", "login", {{"s", stack}});
    };
    // Who has been refused in it comes to the line, and out of the stack nevertheless.
    const std::string red_hat = "auth required pam_env.so\n"
                                "auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
                                "auth sufficient pam_unix.so\n"
                                "auth [default=1 ignore=ignore success=ok] pam_usertype.so\n"
                                "auth sufficient pam_sss.so\n"
                                "auth required pam_deny.so\n";
    assert_text(with(red_hat), "");
    assert_text(with("auth requisite pam_unix.so\n"), "");
    assert_text(with("auth requisite pam_unix.so\n", "include"), "");
    assert_text(with(""), at("login:4"));
    assert_text(with("auth sufficient pam_unix.so\n"), at("login:4"));
    assert_text(with("auth sufficient pam_permit.so\nauth required pam_unix.so\n"), at("login:4"));
    assert_text(with("auth optional pam_unix.so\n", "include"), at("login:4"));
    // What it had not been refused in, a reset in it does not forgive.
    assert_text(taken("auth required pam_unix.so\nauth substack s\n", "login",
                      {{"s", "auth [default=reset] pam_x.so\n"}}),
                "");
    // One behind it does.
    assert_text(taken("auth required pam_unix.so\nauth substack s\nauth [default=reset] pam_x.so\n",
                      "login", {{"s", "auth required pam_unix.so\n"}}),
                at("login:6"));
    // A jump to its very end leads out of it, and a wider one is a refusal.
    assert_text(with("auth [default=1] pam_x.so\nauth required pam_unix.so\n"), at("login:4"));
    assert_text(with("auth [default=2] pam_x.so\nauth required pam_unix.so\n"), "");
    // A line of ours in it.
    assert_text(taken("auth required pam_unix.so\nauth substack s\n", "login", {{"s", proven}}),
                "");
    assert_text(
        found(Files{{"login", account + session + "auth substack s\n"}, {"s", proven}}, "login"),
        at("s:1"));
}

void without_proven_login_and_polkit_refuse_all(void **)
{
    const std::string note = " no proven: nobody has proven who is there, so all whom a role gates "
                             "are refused, unless jitd.toml has unproven_start = true\n";
    const std::string line = "auth requisite pam_jit.so\n";
    for (const bool is_of_shadow : {true, false}) {
        const std::string text = debian_login(is_of_shadow, account + session, line);
        assert_text(found(text, "login"), "note login:13" + note);
    }
    assert_text(found(debian_polkit("", line), "polkit-1"), "note polkit-1:2" + note);
    // Elsewhere something else may prove it, and where the setting is known it needs no saying.
    const Files lines{{"login", account + session + "auth required pam_unix.so\n" + line}};
    assert_text(found(lines, "login"), "note login:4" + note);
    assert_true(judge(lines, "login", true).empty());
    assert_int_equal(judge({{"login", account + session + proven}}, "login", true).size(), 1);
    for (const char *service : {"sshd", "x"})
        assert_text(found(Files{{service, lines.at("login")}}, service), "");
    // Who only looks refuses nobody.
    assert_text(found("auth requisite pam_jit.so observe\n" + account + session, "login"), "");
    // The profile's, before the password.
    const std::string profile = "auth [success=2 ignore=ignore default=die] pam_jit.so only=login\n"
                                "auth [success=1 default=ignore] pam_unix.so\n"
                                "auth requisite pam_deny.so\nauth required pam_permit.so\n";
    const Files host{{"login", account + session + "@include common-auth\n"},
                     {"common-auth", profile}};
    assert_text(found(host, "login"), "note common-auth:1" + note);
    assert_text(judge(host, "login").at(0).advice,
                "take it out of that file, and in login's own " + behind);
}

void it_is_said_where_the_line_belongs(void **)
{
    for (const char *service : {"login", "polkit-1"}) {
        // None at all, one that is not proven, and one that proves nothing.
        for (const std::string &line :
             {std::string{}, std::string{"auth requisite pam_jit.so\n"}, proven}) {
            const auto all = judge({{service, account + session + line}}, service);
            assert_int_equal(all.size(), 1);
            assert_text(all[0].advice, behind);
        }
    }
    const auto advice = [](const std::string &service, const std::string &line) {
        return judge({{service, account + session + line}}, service).at(0).advice;
    };
    const std::string first = "write, before all other auth lines: auth [success=done "
                              "ignore=ignore default=die] pam_jit.so";
    assert_text(advice("sudo", ""), first);
    assert_text(advice("x", ""), first);
    assert_text(advice("x", proven), behind);
    // A key proves it there.
    assert_text(advice("sshd", proven), first);
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
        cmocka_unit_test(behind_debians_own_lines_it_is_proven),
        cmocka_unit_test(proven_with_nothing_before_it_is_found),
        cmocka_unit_test(what_refuses_a_stranger_before_it_proves),
        cmocka_unit_test(a_substack_before_it_proves_by_what_is_in_it),
        cmocka_unit_test(without_proven_login_and_polkit_refuse_all),
        cmocka_unit_test(it_is_said_where_the_line_belongs),
    };
    return cmocka_run_group_tests_name("doctor/pam_stack", tests, nullptr, nullptr);
}
