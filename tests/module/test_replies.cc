// A jitd that lies, stammers or sends what would harm a terminal.
#include "tests/module/stage.h"

using namespace jit::pam::test;

namespace {

const std::string live_text = live.substr(0, live.size() - 1);

// white space in front makes it as long as asked for
std::string padded(const std::string &text, std::size_t bytes)
{
    return std::string(bytes - text.size(), ' ') + text + nul;
}

std::string nested(const std::string &open, const std::string &close, int depth)
{
    std::string text = R"({"parameters":{"verdict":"live","role":"web","x":)";
    for (int i = 0; i < depth; ++i)
        text += open;
    text += "1";
    for (int i = 0; i < depth; ++i)
        text += close;
    return text + "}}" + nul;
}

void assert_nonsense(const std::string &answer)
{
    const Outcome auth = play("a", {{answer}});
    assert_codes(auth, {PAM_SYSTEM_ERR});
    assert_true(has(auth.shown, "jitd's answer could not be understood"));
    assert_codes(play("c", {{answer}}), {PAM_SYSTEM_ERR});
}

void what_is_not_json_is_a_system_error(void **)
{
    for (const std::string &text :
         {std::string{"garbage"}, std::string{}, std::string{" "}, std::string{"[]"},
          std::string{"null"}, std::string{"{"}, live_text + "x", live_text + live_text,
          "[" + live_text + "]", "\xef\xbb\xbf" + live_text, live_text.substr(0, 30),
          std::string{R"({"parameters":{"verdict":"live","role":"web",}})"},
          std::string{R"({'parameters':{'verdict':'live','role':'web'}})"},
          std::string{R"({"parameters":{"verdict":"live","role":"we\x62"}})"},
          std::string{R"({"parameters":{"verdict":"live","role":"web","x":NaN}})"},
          std::string{R"({"parameters":{"verdict":"live","role":"web","x":01}})"},
          std::string{"{\"parameters\":{\"verdict\":\"live\",\"role\":\"web\",\"x\":\"\xff\"}}"},
          std::string{"{\"parameters\":{\"verdict\":\"live\",\"role\":\"web\",\"x\":\"\n\"}}"},
          std::string{R"({"parameters":{"verdict":"live","role":"web","x":"\ud800"}})"}})
        assert_nonsense(text + nul);
}

void a_member_twice_is_a_system_error(void **)
{
    assert_nonsense(frame(R"("verdict":"denied","verdict":"live","role":"web")"));
    assert_nonsense(frame(R"("verdict":"live","verdict":"denied","role":"web")"));
    assert_nonsense(frame(R"("verdict":"live","\u0076erdict":"live","role":"web")"));
    assert_nonsense(R"({"parameters":{},"parameters":{"verdict":"live","role":"web"}})" + nul);
}

void a_frame_may_be_as_long_as_its_cap_and_no_longer(void **)
{
    constexpr std::size_t cap = 64 * 1024;
    assert_codes(play("a", {{padded(live_text, cap)}}), {PAM_SUCCESS});
    assert_nonsense(padded(live_text, cap + 1));
    assert_nonsense(std::string(200000, 'x'));
    assert_nonsense(std::string(cap + 1, ' ') + nul);
}

void a_frame_may_be_as_deep_as_its_cap_and_no_deeper(void **)
{
    assert_codes(play("a", {{nested("[", "]", 14)}}), {PAM_SUCCESS});
    assert_codes(play("a", {{nested(R"({"a":)", "}", 14)}}), {PAM_SUCCESS});
    assert_nonsense(nested("[", "]", 15));
    assert_nonsense(nested(R"({"a":)", "}", 15));
    assert_nonsense(nested("[", "]", 20000));
}

void members_of_another_type_are_a_system_error(void **)
{
    for (const char *parameters :
         {R"("verdict":7)", R"("verdict":true,"role":"web")", R"("verdict":["live"],"role":"web")",
          R"("verdict":{"live":1},"role":"web")", R"("verdict":"live","role":1)",
          R"("verdict":"live","role":["web"])", R"("verdict":"live","role":"web","grant":1)",
          R"("verdict":"live","role":"web","until":1)",
          R"("verdict":"live","role":"web","message":1)", R"("verdict":"choose","roles":"web")",
          R"("verdict":"choose","roles":[1])", R"("verdict":"live","role":"web","duration":"1")",
          R"("verdict":"live","role":"web","expires":-1)",
          R"("verdict":"live","role":"web","duration":99999999999999999999)"})
        assert_nonsense(frame(parameters));
    for (const char *text : {R"({"parameters":[]})", R"({"parameters":"live"})",
                             R"({"parameters":{"verdict":"live","role":"web"},"continues":1})",
                             R"({"parameters":{"verdict":"live","role":"web"},"error":null})"})
        assert_nonsense(text + nul);
}

void words_of_check_that_are_unknown_are_a_system_error(void **)
{
    for (const char *verdict : {"Live", "LIVE", "live ", "liver", "allow", "granted", "success",
                                "ok", "true", "Ignore", "ignored", "", "\\u006cive2"})
        assert_nonsense(frame(R"("role":"web","verdict":")" + std::string{verdict} + "\""));
    assert_nonsense(frame(""));
    assert_nonsense(frame(R"("verdict":null,"role":"web")"));
    assert_nonsense("{}" + nul);
    assert_nonsense(granted);
    assert_nonsense(frame(R"("verdict":")" + std::string(5000, 'a') + "\""));
}

void a_live_grant_without_its_role_or_id_is_a_system_error(void **)
{
    for (const char *parameters :
         {R"("verdict":"live")", R"("verdict":"live","role":null)", R"("verdict":"live","role":"")",
          R"("verdict":"live","role":"../x")", R"("verdict":"live","role":"web\u001b[2J")",
          R"("verdict":"live","role":"web","grant":"x")",
          R"("verdict":"live","role":"web","grant":"0123456789ABCDEF")",
          R"("verdict":"live","role":"web","grant":"0123456789abcdef0")"})
        assert_nonsense(frame(parameters));
    assert_nonsense(frame(R"("verdict":"live","role":"web")", go_on));
}

void an_error_is_denied_whatever_it_is_called_and_says_besides(void **)
{
    for (const char *name : {"io.jitd.Elevation.Misconfigured", "io.jitd.Grant.Refused",
                             "org.varlink.service.MethodNotFound", "com.example.live", "", "live",
                             "io.jitd.Elevation."}) {
        const std::string error = error_frame(name, R"("message":"so it is")");
        const Outcome outcome = play("a", {{error}});
        assert_codes(outcome, {PAM_AUTH_ERR});
        assert_text(outcome.shown, "Ejit: so it is\n");
        assert_codes(play("c", {{error}}), {PAM_PERM_DENIED});
        for (const char *lie : {R"("verdict":"live","role":"web")", R"("verdict":"ignore")",
                                R"("state":"granted","role":"web","id":"0123456789abcdef")"}) {
            const std::string liar = error_frame(name, lie);
            assert_codes(play("a", {{liar}}), {PAM_AUTH_ERR});
            assert_codes(play_flow("a", {{want}, {pending, liar}}).outcome, {PAM_AUTH_ERR});
        }
    }
}

void a_request_answered_with_nonsense_is_a_system_error_and_cancelled(void **)
{
    const auto state = [](const std::string &word, const std::string &rest,
                          const std::string &more = {}) {
        return frame(R"("state":")" + word + "\"," + rest, more);
    };
    const std::string other_role = R"("id":"0123456789abcdef","role":"dba")";
    for (const std::string &answer :
         {state("granted", other_role),
          state("granted", R"("role":"web")"),
          state("granted", R"("id":"x","role":"web")"),
          state("granted", id, go_on),
          state("Granted", id),
          state("approved", id),
          state("", id),
          state("live", id),
          frame(id),
          live,
          want,
          not_gated,
          state("pending", id),
          state("code", id),
          state("pending", other_role, go_on),
          state("approval", id),
          state("approval", id, go_on),
          state("approval", other_role + R"(,"expires":9)", go_on),
          state("approval", id + R"(,"expires":-1)", go_on),
          state("approved", id, go_on),
          code.substr(0, code.size() - 1) + "x" + nul,
          state("code",
                id + R"(,"uri":"https://microsoft.com/devicelogin","code":"A","expires":9)")}) {
        for (const Answers &before : {Answers{}, Answers{pending, code}}) {
            Answers answers = before;
            answers.insert(answers.end(), {answer, "!hang"});
            const Play played = play_flow("a", {{want}, answers});
            assert_codes(played.outcome, {PAM_SYSTEM_ERR});
            assert_int_equal(played.left_count, 1);
        }
    }
}

void a_code_that_should_not_be_followed_is_not_shown(void **)
{
    const auto code_of = [](const std::string &uri, const std::string &word,
                            const std::string &expires) {
        return frame(R"("state":"code",)" + id + R"(,"uri":")" + uri + R"(","code":")" + word +
                         R"(","expires":)" + expires,
                     go_on);
    };
    const std::string good = "https://microsoft.com/devicelogin";
    for (const std::string &answer :
         {code_of("http://microsoft.com/devicelogin", "WORD", "900"), code_of("", "WORD", "900"),
          code_of("HTTPS://microsoft.com", "WORD", "900"), code_of("javascript:x", "WORD", "900"),
          code_of(" " + good, "WORD", "900"),
          code_of(good + R"(\u001b]8;;https://x\u0007)", "WORD", "900"),
          code_of(good + R"(\u202e)", "WORD", "900"), code_of(good + " x", "WORD", "900"),
          code_of(good + R"(\nhttps://x)", "WORD", "900"),
          code_of("https://m\u0456crosoft.com", "WORD", "900"), code_of(good, "", "900"),
          code_of(good, R"(WORD\u001b[8m)", "900"), code_of(good, R"(WO\rRD)", "900"),
          code_of(good, "WO RD", "900"), code_of(good, "WORD", "null"), code_of(good, "WORD", "-1"),
          code_of(good, "WORD", "99999999999"),
          code_of(good + std::string(600, 'a'), "WORD", "900")}) {
        const Play played = play_flow("a", {{want}, {pending, answer, granted}});
        assert_codes(played.outcome, {PAM_SYSTEM_ERR});
        assert_text(played.outcome.shown, "Ejit: jitd's answer could not be understood\n");
    }
}

void replies_without_end_are_a_system_error(void **)
{
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += pending;
    assert_codes(play_flow("a", {{want}, {many, "!hang"}}).outcome, {PAM_SYSTEM_ERR});
    many.clear();
    for (int i = 0; i < 300; ++i)
        many += approval(std::to_string(i));
    const Play played = play_flow("a", {{want}, {pending, many, "!hang"}});
    assert_codes(played.outcome, {PAM_SYSTEM_ERR});
    assert_true(has(played.outcome.shown, "Ijit: 255\nEjit: "));
}

void what_a_terminal_would_obey_is_shown_as_question_marks(void **)
{
    const std::string evil = R"(a\u001b[2Jb\nc\rd\u0007e\u009bf\u202eg\u200bh\u0000)";
    const std::string mean = R"(a\u001b[2Jb\nc\rd\u0007e\u009bf\u202eg\u200bh)";
    const std::string mild = "jit: a?[2Jb?c?d?e?f?g?h\n";
    assert_nonsense(frame(R"("verdict":"denied","message":")" + evil + "\""));
    const std::string as_cause = R"("verdict":"denied","cause":")" + mean + "\"";
    const std::string as_message = R"("verdict":"denied","message":")" + mean + "\"";
    for (const std::string &parameters : {as_cause, as_message}) {
        assert_text(play("a", {{frame(parameters)}}).shown, "E" + mild);
        assert_text(play("c", {{frame(parameters)}}).shown, "E" + mild);
    }
    assert_text(play("a", {{error_frame("x.y.Z", R"("message":")" + mean + "\"")}}).shown,
                "E" + mild);
    const std::string host =
        frame(R"("state":"code",)" + id + R"(,"host":")" + mean +
                  R"(","duration":60,"expires":900,"uri":"https://microsoft.com","code":"W")",
              go_on);
    const Play told = play_flow("a", {{want}, {pending, approval(mean), declined}});
    assert_true(has(told.outcome.shown, "I" + mild));
    const Play played = play_flow("a", {{want}, {host, declined}});
    assert_true(has(played.outcome.shown, "on host a?[2Jb?c?d?e?f?g?h for 1m\n"));
    const std::string until = frame(R"("state":"granted",)" + id + R"(,"until":"\u001b[2J")");
    assert_true(has(play_flow("a", {{want}, {until}}).outcome.shown, "Ijit: granted: role web.\n"));
}

void where_the_locale_is_not_utf_8_all_that_is_shown_is_ascii(void **)
{
    const std::string words = "no: r\xC3\xB4le \xE2\x96\x88";
    for (const auto &[locale, shown] :
         {std::pair{"C.UTF-8", "Ejit: " + words + "\n"}, {"C", "Ejit: no: r?le ?\n"}}) {
        Wish wish;
        wish.service = "door";
        wish.phases = "a";
        wish.before = [name = locale] { (void)setenv("LC_ALL", name, 1); };
        write_service("door", "proven");
        const Play played =
            play_wish(wish, {{frame(R"("verdict":"denied","message":")" + words + "\"")}});
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_text(played.outcome.shown, shown);
    }
}

void a_line_of_jitd_s_that_is_too_long_goes_on_in_another_one(void **)
{
    const std::string words = "jitd's configuration has faults, so nothing is granted; an "
                              "administrator sees them with: jitctl policy check";
    assert_text(play("c", {{frame(R"("verdict":"denied","message":")" + words + "\"")}}).shown,
                "Ejit: jitd's configuration has faults, so nothing is granted; an administrator\n"
                "jit: sees them with: jitctl policy check\n");
}

void a_long_message_is_cut(void **)
{
    const Outcome outcome =
        play("a", {{frame(R"("verdict":"denied","message":")" + std::string(5000, 'a') + "\"")}});
    assert_codes(outcome, {PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: " + std::string(300, 'a') + "\n");
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_json_is_a_system_error),
        cmocka_unit_test(a_member_twice_is_a_system_error),
        cmocka_unit_test(a_frame_may_be_as_long_as_its_cap_and_no_longer),
        cmocka_unit_test(a_frame_may_be_as_deep_as_its_cap_and_no_deeper),
        cmocka_unit_test(members_of_another_type_are_a_system_error),
        cmocka_unit_test(words_of_check_that_are_unknown_are_a_system_error),
        cmocka_unit_test(a_live_grant_without_its_role_or_id_is_a_system_error),
        cmocka_unit_test(an_error_is_denied_whatever_it_is_called_and_says_besides),
        cmocka_unit_test(a_request_answered_with_nonsense_is_a_system_error_and_cancelled),
        cmocka_unit_test(a_code_that_should_not_be_followed_is_not_shown),
        cmocka_unit_test(replies_without_end_are_a_system_error),
        cmocka_unit_test(what_a_terminal_would_obey_is_shown_as_question_marks),
        cmocka_unit_test(where_the_locale_is_not_utf_8_all_that_is_shown_is_ascii),
        cmocka_unit_test(a_line_of_jitd_s_that_is_too_long_goes_on_in_another_one),
        cmocka_unit_test(a_long_message_is_cut),
    };
    return JIT_RUN_STAGE("module/replies", argv, tests);
}
