// Each argument of a pam_jit.so line: what it does in every phase.
#include "tests/module/stage.h"

using namespace jit::pam::test;
using std::chrono::seconds;
using Clock = FakeJitd::Clock;

namespace {

const std::string no_role = "Ejit: no live grant for role \"web\"; run: jitctl request web\n";

void a_line_with_a_fault_denies_but_never_in_the_session(void **)
{
    for (const std::string fault : {"frob",
                                    "role",
                                    "role=",
                                    "role=a/b",
                                    "role=web role=web",
                                    "only=",
                                    "only=a,,b",
                                    "only=,",
                                    "only=sudo only=su",
                                    "fast=",
                                    "fast=x",
                                    "fast=0s",
                                    "fast=5",
                                    "fast=1s fast=2s",
                                    "fast=2d",
                                    "timeout=-1s",
                                    "timeout=1s1s",
                                    "timeout=1s timeout=1s",
                                    "socket=",
                                    "socket=run",
                                    "socket=/a socket=/b",
                                    "proven proven",
                                    "observe observe",
                                    "quiet quiet",
                                    "debug debug",
                                    "PROVEN",
                                    "proven=yes",
                                    "observe=",
                                    "[role=a b]"}) {
        write_service("door",
                      std::string{"proven "} + (fault == "proven proven" ? "proven" : fault));
        Wish wish;
        wish.service = "door";
        wish.phases = "acox";
        const Play played = play_wish(wish, {{live}, {live}});
        assert_codes(played.outcome, {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS, PAM_SUCCESS});
        wish.phases = "s"; // libpam lets it follow what auth said: alone, then
        assert_codes(run(wish), {ignored_setcred});
        assert_int_equal(played.calls.size(), 0);
    }
    // Not even in observe, or where only= leaves the service out: what it says is not known.
    assert_codes(play("ac", {}, "observe frob"), {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR});
    assert_codes(play("ac", {}, "only=su frob"), {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR});
    const std::string path = "socket=/" + std::string(107, 'x');
    assert_codes(play("ac", {}, path), {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR});
}

void only_leaves_other_services_alone_in_every_phase(void **)
{
    for (const char *arguments : {"only=sudo,su", "only=doo", "only=doors"}) {
        write_service("door", arguments);
        Wish wish;
        wish.service = "door";
        wish.phases = "acsox";
        const Play played = play_wish(wish, {{refused}, {refused}});
        assert_codes(played.outcome, {ignored_auth, ignored_account, ignored_setcred,
                                      ignored_session, ignored_session});
        assert_int_equal(played.calls.size(), 0);
        assert_text(played.outcome.shown, "");
    }
    remove_socket();
    assert_codes(knock("ac", "only=sudo"), {ignored_auth, ignored_account});
}

void only_leaves_its_own_services_gated(void **)
{
    for (const char *arguments : {"proven only=door", "proven only=su,door", "proven only=DOOR,su"})
        assert_codes(play("ac", {{refused}, {refused}}, arguments),
                     {PAM_AUTH_ERR, PAM_PERM_DENIED});
}

void observe_ignores_every_answer_in_every_phase_and_says_nothing(void **)
{
    const Answers table[] = {
        {live},
        {not_gated},
        {frame(R"("verdict":"observed")")},
        {want},
        {choice},
        {refused},
        {misconfigured},
        {"garbage" + nul},
        {},
        {live.substr(0, 20)},
    };
    for (const Answers &answers : table) {
        // Closed without a whole answer, it is asked once more.
        const bool is_lost = answers.empty() || answers[0].back() != '\0';
        const Play played = play_flow("acsox", {answers, is_lost ? answers : Answers{live}, {live}},
                                      "proven observe");
        assert_codes(played.outcome,
                     {ignored_auth, ignored_account, ignored_setcred, PAM_SUCCESS, PAM_SUCCESS});
        assert_text(played.outcome.shown, "");
        // Once, in the account phase, so that jitd records what it would have refused.
        assert_int_equal(played.calls.size(), is_lost ? 2 : 1);
        for (const std::string &call : played.calls) {
            assert_true(has(call, R"("phase":"account")"));
            assert_true(has(call, R"("observe":true)"));
        }
    }
}

void observe_holds_with_jitd_dead_or_hanging(void **)
{
    remove_socket();
    Outcome outcome = knock("acsox", "observe");
    assert_codes(outcome,
                 {ignored_auth, ignored_account, ignored_setcred, PAM_SUCCESS, PAM_SUCCESS});
    assert_text(outcome.shown, "");
    outcome = play("ac", {{"!hang"}}, "observe fast=1s");
    assert_codes(outcome, {ignored_auth, ignored_account});
    assert_text(outcome.shown, "");
}

void observe_ignores_a_caller_that_would_be_denied(void **)
{
    write_service("sudo", "observe");
    Wish wish;
    wish.service = "sudo";
    wish.ruser = "root";
    wish.real_uid = nobody;
    wish.phases = "ac";
    const Play played = play_wish(wish, {{live}});
    assert_codes(played.outcome, {ignored_auth, ignored_account});
    assert_text(played.outcome.shown, "");
}

void role_is_asked_for_and_no_other_opens(void **)
{
    const std::string line = "proven role=dba";
    write_service("door", line);
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    const Play played = play_wish(wish, {{frame(R"("verdict":"live","role":"dba")")}});
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.calls.at(0), R"("role":"dba")"));
    for (const std::string &other :
         {live, want, choice, frame(R"("verdict":"live","role":"DBA")"),
          frame(R"("verdict":"live")"), frame(R"("verdict":"choose","roles":["dba","web"])")}) {
        assert_codes(play("a", {{other}}, line), {PAM_SYSTEM_ERR});
        assert_codes(play("c", {{other}}, line), {PAM_SYSTEM_ERR});
    }
    assert_codes(play_flow("a", {{want}, {pending, code, granted}}, "proven role=web").outcome,
                 {PAM_SUCCESS});
}

void timeout_is_said_to_jitd_and_ends_the_wait(void **)
{
    const auto start = Clock::now();
    const Play played = play_flow("a", {{want}, {pending, code, "!hang"}}, "proven timeout=2s");
    assert_codes(played.outcome, {PAM_AUTH_ERR});
    assert_true(Clock::now() - start >= seconds{2});
    assert_true(Clock::now() - start < seconds{8});
    assert_true(has(played.calls.at(1), R"("timeout":2)"));
    assert_true(has(played.outcome.shown, "the code is good for 2s"));
    assert_true(has(played.outcome.shown, "Ejit: nobody approved in time; nothing was granted\n"));
    assert_int_equal(played.left_count, 1);
}

void a_timeout_shorter_than_fast_ends_the_check(void **)
{
    const auto start = Clock::now();
    assert_codes(play("a", {{"!hang"}}, "proven timeout=1s fast=10m"), {PAM_AUTHINFO_UNAVAIL});
    assert_true(Clock::now() - start < seconds{8});
}

void quiet_keeps_the_code_and_refusals_only(void **)
{
    const Play played = play_flow("a", {{want}, {pending, code, granted}}, "proven quiet");
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.outcome.shown, "K7QF2MZ9R"));
    assert_true(played.outcome.shown.find("granted") == std::string::npos);
    assert_text(play("a", {{want}}, "proven quiet").shown, no_role);
}

void socket_names_where_jitd_is(void **)
{
    const std::string path = socket_path() + ".other";
    FakeJitd jitd{path, {{live}}};
    remove_socket();
    assert_codes(knock("a", "proven socket=" + path), {PAM_SUCCESS});
    assert_codes(knock("a", "proven"), {PAM_AUTHINFO_UNAVAIL});
}

void debug_changes_no_code(void **)
{
    assert_codes(play("acs", {{live}}, "proven debug"), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    const Outcome outcome = play("ac", {{want}, {want}}, "proven debug");
    assert_codes(outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_text(outcome.shown, no_role + no_role);
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_line_with_a_fault_denies_but_never_in_the_session),
        cmocka_unit_test(only_leaves_other_services_alone_in_every_phase),
        cmocka_unit_test(only_leaves_its_own_services_gated),
        cmocka_unit_test(observe_ignores_every_answer_in_every_phase_and_says_nothing),
        cmocka_unit_test(observe_holds_with_jitd_dead_or_hanging),
        cmocka_unit_test(observe_ignores_a_caller_that_would_be_denied),
        cmocka_unit_test(role_is_asked_for_and_no_other_opens),
        cmocka_unit_test(timeout_is_said_to_jitd_and_ends_the_wait),
        cmocka_unit_test(a_timeout_shorter_than_fast_ends_the_check),
        cmocka_unit_test(quiet_keeps_the_code_and_refusals_only),
        cmocka_unit_test(socket_names_where_jitd_is),
        cmocka_unit_test(debug_changes_no_code),
    };
    return JIT_RUN_STAGE("module/arguments", argv, tests);
}
