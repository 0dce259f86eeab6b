#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "doctor/sshd_side.h"

using namespace jit::doctor;
using namespace std::chrono_literals;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

SshdSide read(const std::string &text, const Files &included = {})
{
    SshdSide side;
    read_sshd_config(
        "/etc/ssh/sshd_config", text,
        [&](std::string_view pattern) {
            return pattern == "/etc/ssh/sshd_config.d/*.conf" ? std::optional{included}
                                                              : std::nullopt;
        },
        side);
    return side;
}

// "WHERE first word of WHAT; ...", with the faults marked.
std::string judged(const std::string &text, const Files &included = {},
                   std::chrono::seconds longest = 900s)
{
    std::string out;
    for (const Finding &one : judge_sshd(read(text, included), longest)) {
        out += out.empty() ? "" : "; ";
        out += one.kind == Finding::Kind::fault ? "fault " : "";
        out += one.where.substr(one.where.rfind('/') + 1) + " " +
               one.what.substr(0, one.what.find_first_of(" :"));
    }
    return out;
}

const std::string good = "UsePAM yes\nKbdInteractiveAuthentication yes\n"
                         "AuthenticationMethods publickey,keyboard-interactive\n"
                         "LoginGraceTime 960\n";

void what_the_manual_says_is_without_a_word(void **)
{
    assert_text(judged(good), "");
    assert_text(judged("usepam=yes\nKBDINTERACTIVEAUTHENTICATION  \"yes\" # x\n"
                       "AuthenticationMethods publickey,keyboard-interactive publickey,password,"
                       "keyboard-interactive\nLoginGraceTime 16m\n"),
                "");
    // The default of KbdInteractiveAuthentication is yes; 0 is no limit.
    assert_text(judged("UsePAM yes\nAuthenticationMethods publickey\nLoginGraceTime 0\n"), "");
}

void a_sshd_that_asks_no_module_is_a_fault(void **)
{
    assert_text(judged("UsePAM no\n" + good), "fault sshd_config:1 UsePAM");
    assert_text(judged(good.substr(good.find('\n') + 1)), "fault sshd_config UsePAM");
    // For some is not for all.
    assert_text(
        judged("Match User bob\nUsePAM yes\nMatch all\n" + good.substr(good.find('\n') + 1)),
        "fault sshd_config UsePAM");
}

void the_first_value_counts_also_of_what_is_included_before(void **)
{
    assert_text(judged("Include /etc/ssh/sshd_config.d/*.conf\nUsePAM no\n",
                       {{"/etc/ssh/sshd_config.d/jit.conf", good}}),
                "");
    assert_text(judged(good + "Include /etc/ssh/sshd_config.d/*.conf\n",
                       {{"/etc/ssh/sshd_config.d/no.conf", "UsePAM no\n"}}),
                "");
    // A Match block of an included file ends with it.
    assert_text(judged("Include /etc/ssh/sshd_config.d/*.conf\n" + good,
                       {{"/etc/ssh/sshd_config.d/a.conf", "Match User bob\n"},
                        {"/etc/ssh/sshd_config.d/b.conf", "UsePAM no\n"}}),
                "fault b.conf:1 UsePAM");
    assert_text(judged("Include /srv/sshd\n" + good), "sshd_config:1 what");
    assert_text(judged("Include /etc/ssh/sshd_config.d/*.conf\n" + good,
                       {{"/etc/ssh/sshd_config.d/a.conf", "Include /etc/x\n"}}),
                "a.conf:1 what");
}

void where_no_code_can_be_shown_it_is_said(void **)
{
    const std::string no = "KbdInteractiveAuthentication no\n";
    assert_text(judged(no + good), "sshd_config:1 KbdInteractiveAuthentication");
    assert_text(judged("ChallengeResponseAuthentication no\n" + good),
                "sshd_config:1 KbdInteractiveAuthentication");
    assert_text(judged(no + good + "Match Group engineers\nKbdInteractiveAuthentication yes\n"),
                "");
}

void methods_that_prove_nobody_are_said(void **)
{
    assert_text(judged("UsePAM yes\nLoginGraceTime 960\n"), "sshd_config no");
    assert_text(judged("AuthenticationMethods publickey keyboard-interactive\n" + good),
                "sshd_config:1 keyboard-interactive");
    assert_text(judged(good + "Match User dora\nAuthenticationMethods keyboard-interactive:pam\n"),
                "sshd_config:6 keyboard-interactive");
}

void a_login_that_has_less_time_than_a_request_is_said(void **)
{
    const std::string front = good.substr(0, good.rfind("LoginGraceTime"));
    assert_text(judged(front), "sshd_config LoginGraceTime");
    assert_text(judged(front + "LoginGraceTime 2m\n"), "sshd_config:4 LoginGraceTime");
    assert_text(judged(front, {}, 60s), "");
    assert_text(judged(front + "LoginGraceTime x\n"), "");
    const auto found = judge_sshd(read(front), 900s);
    assert_true(found[0].advice.find("timeout=1m50s") != std::string::npos);
}

void times_are_read_as_sshd_does(void **)
{
    assert_true(*parse_sshd_time("120") == 120s);
    assert_true(*parse_sshd_time("1h30m") == 90min);
    assert_true(*parse_sshd_time("1W2D3H4M5S") == 788645s);
    assert_true(*parse_sshd_time("0") == 0s);
    for (const char *text : {"", "m", "1x", "-1", "99999999999", "9999w9999w", "1 m"})
        assert_false(parse_sshd_time(text).has_value());
}

void services_of_its_own_are_known(void **)
{
    assert_true(read("Match User bob\nPAMServiceName sshd-jit\n").services ==
                std::set<std::string>{"sshd-jit"});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_the_manual_says_is_without_a_word),
        cmocka_unit_test(a_sshd_that_asks_no_module_is_a_fault),
        cmocka_unit_test(the_first_value_counts_also_of_what_is_included_before),
        cmocka_unit_test(where_no_code_can_be_shown_it_is_said),
        cmocka_unit_test(methods_that_prove_nobody_are_said),
        cmocka_unit_test(a_login_that_has_less_time_than_a_request_is_said),
        cmocka_unit_test(times_are_read_as_sshd_does),
        cmocka_unit_test(services_of_its_own_are_known),
    };
    return cmocka_run_group_tests_name("doctor/sshd_side", tests, nullptr, nullptr);
}
