// What the module remembers in the handle: a retry starts no second flow, and no verdict is taken
// over where it was not given.
#include "tests/module/stage.h"

using namespace jit::pam::test;

namespace {

void a_refusal_is_said_once_however_often_sudo_tries(void **)
{
    const Outcome outcome = play("aaa", {{refused}, {live}, {live}});
    assert_codes(outcome, {PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: not a requester\n");
}

void every_failure_in_auth_stands_for_its_retries(void **)
{
    const struct {
        Answers answers;
        int code;
    } table[] = {
        {{refused}, PAM_AUTH_ERR},  {{misconfigured}, PAM_AUTH_ERR},
        {{want}, PAM_AUTH_ERR},     {{choice}, PAM_AUTH_ERR},
        {{}, PAM_AUTHINFO_UNAVAIL}, {{"garbage" + nul}, PAM_SYSTEM_ERR},
    };
    write_service("door", "proven");
    for (const auto &row : table) {
        Wish wish;
        wish.service = "door";
        wish.phases = "aa";
        // Closed without an answer, it is asked once more.
        const bool is_lost = row.answers.empty();
        const Play played =
            play_wish(wish, {row.answers, is_lost ? row.answers : Answers{live}, {live}});
        assert_codes(played.outcome, {row.code, row.code});
        assert_int_equal(played.calls.size(), is_lost ? 2 : 1);
    }
}

void a_flow_that_failed_is_not_begun_again(void **)
{
    const struct {
        Answers answers;
        int code;
    } table[] = {
        {{pending, code, declined}, PAM_AUTH_ERR},
        {{pending, code}, PAM_AUTH_ERR},
        {{pending, "garbage" + nul}, PAM_SYSTEM_ERR},
    };
    for (const auto &row : table) {
        const Play played = play_flow("aaa", {{want}, row.answers, {live}});
        assert_codes(played.outcome, {row.code, row.code, row.code});
        assert_int_equal(played.calls.size(), 2);
    }
}

void a_refusal_in_auth_is_not_the_account_phase_s(void **)
{
    // The person may have a grant from elsewhere by now: jitd is asked anew.
    assert_codes(play("ac", {{refused}, {live}}), {PAM_AUTH_ERR, PAM_SUCCESS});
    assert_codes(play("ac", {{refused}, {refused}}), {PAM_AUTH_ERR, PAM_PERM_DENIED});
}

void not_gated_is_asked_again(void **)
{
    assert_codes(play("aa", {{not_gated}, {refused}}), {ignored_auth, PAM_AUTH_ERR});
}

void a_yes_older_than_a_second_is_asked_again(void **)
{
    assert_codes(play("awc", {{live}, {want}}), {PAM_SUCCESS, PAM_PERM_DENIED});
    assert_codes(play("awa", {{live}, {refused}}), {PAM_SUCCESS, PAM_AUTH_ERR});
}

void a_yes_for_another_account_is_not_taken_over(void **)
{
    // sudo changes the user under the handle.
    assert_codes(play("auc", {{live}, {want}}), {PAM_SUCCESS, PAM_PERM_DENIED});
    // ... after the account phase, where setcred belongs to what it allowed.
    assert_codes(play("cus", {{live}}), {PAM_SUCCESS, PAM_SUCCESS});
}

void a_yes_of_another_process_is_not_taken_over(void **)
{
    assert_codes(play("afc", {{live}, {want}}), {PAM_SUCCESS, PAM_PERM_DENIED});
    assert_codes(play("cfs", {{live}}), {PAM_SUCCESS, ignored_setcred});
    assert_codes(play("cfo", {{live}}), {PAM_SUCCESS, PAM_SUCCESS});
}

void a_yes_for_another_role_is_not_taken_over(void **)
{
    // Two lines of one stack: the second must ask for its own role.
    const std::string front = " [success=ok ignore=ignore default=die] " + module_path() +
                              " proven socket=" + socket_path() + " role=";
    write_service_file("door", "auth" + front + "web\naccount" + front + "dba\n");
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    const Play played = play_wish(wish, {{live}, {frame(R"("verdict":"request","role":"dba")")}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_PERM_DENIED});
    assert_true(has(played.calls.at(1), R"("role":"dba")"));
}

void a_session_is_told_of_the_grant_of_the_last_door_alone(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "auco";
    const Play played = play_wish(wish, {{live}, {want}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_PERM_DENIED, PAM_SUCCESS});
    assert_int_equal(played.calls.size(), 2);
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_said_once_however_often_sudo_tries),
        cmocka_unit_test(every_failure_in_auth_stands_for_its_retries),
        cmocka_unit_test(a_flow_that_failed_is_not_begun_again),
        cmocka_unit_test(a_refusal_in_auth_is_not_the_account_phase_s),
        cmocka_unit_test(not_gated_is_asked_again),
        cmocka_unit_test(a_yes_older_than_a_second_is_asked_again),
        cmocka_unit_test(a_yes_for_another_account_is_not_taken_over),
        cmocka_unit_test(a_yes_of_another_process_is_not_taken_over),
        cmocka_unit_test(a_yes_for_another_role_is_not_taken_over),
        cmocka_unit_test(a_session_is_told_of_the_grant_of_the_last_door_alone),
    };
    return JIT_RUN_STAGE("module/memory", argv, tests);
}
