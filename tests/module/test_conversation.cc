// No terminal, no conversation, or one that fails.
#include "tests/module/stage.h"

using namespace jit::pam::test;

namespace {

const std::string no_grant = "Ejit: no live grant for role \"web\"; run: jitctl request web\n";
const std::vector<Talk> broken = {Talk::fails, Talk::spoils};

Play talk_in_terminal(Talk talk, const std::string &phases, std::vector<Answers> answers,
                      const std::string &answer = {})
{
    write_service("door", "proven");
    Terminal terminal;
    Wish wish;
    wish.service = "door";
    wish.phases = phases;
    wish.terminal = &terminal;
    wish.talk = talk;
    wish.answer = answer;
    return play_wish(wish, std::move(answers));
}

void without_a_terminal_no_flow_is_started(void **)
{
    for (const std::string &answer : {want, frame(R"("verdict":"choose","roles":["web"])")}) {
        write_service("door", "proven");
        Wish wish;
        wish.service = "door";
        wish.phases = "a";
        const Play played = play_wish(wish, {{answer}, {pending, code, granted}});
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_text(played.outcome.shown, no_grant);
        assert_int_equal(played.calls.size(), 1);
    }
    const Outcome outcome = play("a", {{choice}, {pending, code, granted}});
    assert_codes(outcome, {PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: no live grant; run: jitctl request with one of web dba\n");
}

void without_a_conversation_no_flow_is_started(void **)
{
    for (const std::string &answer : {want, choice}) {
        const Play played =
            talk_in_terminal(Talk::absent, "ac", {{answer}, {want}, {pending, code, granted}});
        assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
        assert_int_equal(played.calls.size(), 2);
    }
    assert_codes(talk_in_terminal(Talk::absent, "ac", {{live}}).outcome,
                 {PAM_SUCCESS, PAM_SUCCESS});
}

void a_code_that_cannot_be_shown_cancels_the_request(void **)
{
    for (const Talk talk : broken) {
        // The account phase is served only when the request's connection is closed.
        const Play played = talk_in_terminal(
            talk, "aac", {{want}, {pending, code, "!hang"}, {refused}, {pending, code, granted}});
        assert_codes(played.outcome, {PAM_CONV_ERR, PAM_CONV_ERR, PAM_PERM_DENIED});
        assert_int_equal(played.calls.size(), 3);
        assert_int_equal(played.left_count, 1);
    }
}

void a_refusal_that_cannot_be_shown_is_a_refusal(void **)
{
    for (const Talk talk : {Talk::absent, Talk::fails, Talk::spoils, Talk::no_reply}) {
        assert_codes(talk_in_terminal(talk, "ac", {{refused}, {refused}}).outcome,
                     {PAM_AUTH_ERR, PAM_PERM_DENIED});
        assert_codes(talk_in_terminal(talk, "ac", {{"x" + nul}, {"x" + nul}}).outcome,
                     {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR});
        assert_codes(talk_in_terminal(talk, "ac", {}).outcome,
                     {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    }
}

void a_grant_that_cannot_be_announced_is_a_grant(void **)
{
    // Nothing has to be shown before it.
    for (const Talk talk : broken)
        assert_codes(talk_in_terminal(talk, "a", {{want}, {granted}}).outcome, {PAM_SUCCESS});
}

void shown_without_a_reply_is_shown(void **)
{
    assert_codes(talk_in_terminal(Talk::no_reply, "a", {{want}, {pending, code, granted}}).outcome,
                 {PAM_SUCCESS});
}

void a_choice_is_a_number_or_a_name(void **)
{
    for (const char *answer : {"1", "web", "01"}) {
        const Play played =
            talk_in_terminal(Talk::good, "a", {{choice}, {pending, code, granted}}, answer);
        assert_codes(played.outcome, {PAM_SUCCESS});
        assert_true(
            has(played.outcome.shown, "\n   1  web\n   2  dba\nPjit: which role (1 to 2)? \n"));
        assert_true(has(played.calls.at(1), R"("role":"web")"));
    }
}

void three_answers_that_choose_nothing_are_denied_without_a_request(void **)
{
    for (const std::string &answer :
         {std::string{}, std::string{"0"}, std::string{"3"}, std::string{"-1"}, std::string{"1 "},
          std::string{"WEB"}, std::string{"web\n"}, std::string{"\x1b[A"}, std::string{"1\xff"},
          std::string{"18446744073709551617"}, std::string(70000, '1')}) {
        const Play played =
            talk_in_terminal(Talk::good, "a", {{choice}, {pending, code, granted}}, answer);
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_true(has(played.outcome.shown, "Ejit: no role was chosen\n"));
        assert_int_equal(played.calls.size(), 1);
    }
}

void a_question_that_cannot_be_asked_is_a_conversation_error(void **)
{
    for (const Talk talk : {Talk::deaf, Talk::no_reply, Talk::no_text, Talk::fails, Talk::spoils}) {
        const Play played =
            talk_in_terminal(talk, "aac", {{choice}, {want}, {pending, code, granted}}, "1");
        assert_codes(played.outcome, {PAM_CONV_ERR, PAM_CONV_ERR, PAM_PERM_DENIED});
        assert_int_equal(played.calls.size(), 2);
    }
}

void more_roles_than_are_shown_are_said_to_be_more(void **)
{
    std::string roles = R"("web")";
    for (int i = 0; i < 40; ++i)
        roles += ",\"r" + std::to_string(i) + "\"";
    const std::string many = frame(R"("verdict":"choose","roles":[)" + roles + "]");
    const Play played =
        talk_in_terminal(Talk::good, "a", {{many}, {pending, code, granted}}, "web");
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.outcome.shown, "\n  32  r30\n  and more: jitctl roles\n"));
    assert_codes(talk_in_terminal(Talk::good, "a", {{many}}, "33").outcome, {PAM_AUTH_ERR});
}

void a_reason_that_jitd_wants_is_asked_for_and_sent(void **)
{
    const Play played = talk_in_terminal(
        Talk::good, "a", {{want}, {reason_wanted}, {pending, code, granted}}, "INC-1 \"full\"");
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.outcome.shown, "Ijit: a ticket, then why\nPjit: your reason: \n"));
    assert_int_equal(played.calls.size(), 3);
    assert_true(played.calls.at(1).find("reason") == std::string::npos);
    assert_true(has(played.calls.at(2), R"("reason":"INC-1 \"full\"")"));
}

void three_reasons_that_will_not_do_are_denied(void **)
{
    const Answers no{reason_wanted};
    for (const std::string &answer :
         {std::string{}, std::string{"\xff"}, std::string(70000, 'x'), std::string{"x\n\x1b[A"}}) {
        const Play played = talk_in_terminal(
            Talk::good, "a", {{want}, no, no, no, no, {pending, code, granted}}, answer);
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_true(has(played.outcome.shown, "Ejit: a ticket, then why\n"));
        assert_int_equal(played.calls.size(), 5);
    }
}

void a_reason_that_cannot_be_asked_for_is_a_conversation_error(void **)
{
    for (const Talk talk : {Talk::deaf, Talk::no_reply, Talk::no_text, Talk::fails, Talk::spoils}) {
        const Play played = talk_in_terminal(
            talk, "a", {{want}, {reason_wanted}, {pending, code, granted}}, "INC-1");
        assert_codes(played.outcome, {PAM_CONV_ERR});
        assert_int_equal(played.calls.size(), 2);
    }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_terminal_no_flow_is_started),
        cmocka_unit_test(without_a_conversation_no_flow_is_started),
        cmocka_unit_test(a_code_that_cannot_be_shown_cancels_the_request),
        cmocka_unit_test(a_refusal_that_cannot_be_shown_is_a_refusal),
        cmocka_unit_test(a_grant_that_cannot_be_announced_is_a_grant),
        cmocka_unit_test(shown_without_a_reply_is_shown),
        cmocka_unit_test(a_choice_is_a_number_or_a_name),
        cmocka_unit_test(three_answers_that_choose_nothing_are_denied_without_a_request),
        cmocka_unit_test(a_question_that_cannot_be_asked_is_a_conversation_error),
        cmocka_unit_test(more_roles_than_are_shown_are_said_to_be_more),
        cmocka_unit_test(a_reason_that_jitd_wants_is_asked_for_and_sent),
        cmocka_unit_test(three_reasons_that_will_not_do_are_denied),
        cmocka_unit_test(a_reason_that_cannot_be_asked_for_is_a_conversation_error),
    };
    return JIT_RUN_STAGE("module/conversation", argv, tests);
}
