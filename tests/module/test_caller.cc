// Who is knocking: the real uid in sudo and su, PAM_USER elsewhere, root, and sudo's own options.
#include "tests/module/stage.h"

using namespace jit::pam::test;

namespace {

Wish from_sudo(const std::string &phases, const std::string &service = "sudo")
{
    write_service(service, "");
    Wish wish;
    wish.service = service;
    wish.ruser = "nobody";
    wish.real_uid = nobody;
    wish.phases = phases;
    return wish;
}

const std::vector<std::string> by_uid = {"sudo", "sudo-i", "su", "su-l"};

void in_sudo_and_su_the_requester_is_the_real_uid_whatever_the_target(void **)
{
    for (const std::string &service : by_uid) {
        Wish wish = from_sudo("ac", service);
        wish.user = "root";
        const Play played = play_wish(wish, {{live}, {live}});
        assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
        // The account phase of su is told what the shell gets: it asks, however fresh the yes is.
        assert_int_equal(played.calls.size(), service.substr(0, 4) == "sudo" ? 1 : 2);
        for (const std::string &call : played.calls)
            assert_true(has(call, R"("requester":"nobody","account":"root")"));
    }
}

void a_caller_that_is_not_the_real_uid_is_denied_whatever_jitd_says(void **)
{
    for (const std::string &service : by_uid) {
        Wish wish = from_sudo("aco", service);
        wish.ruser = "root";
        const Play played = play_wish(wish, {{live}, {live}});
        assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_SUCCESS});
        assert_true(has(played.calls.at(0), R"("problem":"the program names another caller)"));
        assert_true(has(played.outcome.shown, "another caller than its user id"));
    }
}

void a_real_uid_without_a_name_is_denied_whatever_jitd_says(void **)
{
    Wish wish = from_sudo("ac");
    wish.real_uid = 54321;
    wish.ruser = "";
    const Play played = play_wish(wish, {{live}, {live}});
    assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_true(has(played.calls.at(0), R"("requester":"#54321","account":)"));
    assert_true(has(played.outcome.shown, "your user id has no name"));
    // But where the host only observes, which jitd knows.
    const std::string observed = frame(R"("verdict":"observed")");
    assert_codes(play_wish(wish, {{observed}, {observed}}).outcome,
                 {ignored_auth, ignored_account});
    assert_codes(play_wish(wish, {{}, {}}).outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    for (const std::string &other : {not_gated, refused, "garbage" + nul})
        assert_codes(play_wish(wish, {{other}, {other}}).outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
}

void root_is_exempt_by_real_uid_in_sudo_and_su_and_jitd_not_asked(void **)
{
    for (const std::string &service : by_uid)
        for (const char *target : {"nobody", "root"}) {
            Wish wish = from_sudo("acox", service);
            wish.real_uid = 0;
            wish.ruser = "root";
            wish.user = target;
            const Play played = play_wish(wish, {{live}, {live}});
            assert_codes(played.outcome, {ignored_auth, ignored_account, PAM_SUCCESS, PAM_SUCCESS});
            assert_int_equal(played.calls.size(), 0);
        }
}

void a_service_that_sudo_has_for_some_commands_is_by_uid_too(void **)
{
    Wish wish = from_sudo("ac", "sudo-dba");
    wish.ruser = "daemon";
    const Play other = play_wish(wish, {{live}, {live}});
    assert_true(has(other.outcome.shown, "another caller than its user id"));
    // Root is exempt there only where he is the caller and the one that is proven.
    wish.real_uid = 0;
    wish.ruser = "root";
    wish.user = "root";
    assert_codes(play_wish(wish, {{live}, {live}}).outcome, {ignored_auth, ignored_account});
    wish.user = "nobody";
    assert_codes(play_wish(wish, {{want}, {want}}).outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
}

void root_is_never_exempt_because_he_is_the_target(void **)
{
    for (const std::string &service : by_uid)
        for (const char *caller : {"nobody", ""}) {
            Wish wish = from_sudo("ac", service);
            wish.user = "root";
            wish.ruser = caller;
            assert_codes(play_wish(wish, {{want}, {want}}).outcome,
                         {PAM_AUTH_ERR, PAM_PERM_DENIED});
        }
    // Elsewhere the real uid of the program is not the person's.
    for (const char *service : {"door", "sshd", "sudo-rs"}) {
        write_service(service, "proven");
        Wish wish;
        wish.service = service;
        wish.user = "root";
        wish.phases = "ac";
        assert_codes(play_wish(wish, {{want}, {want}}).outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    }
}

void root_is_exempt_in_login_on_the_console_alone(void **)
{
    write_service("login", "");
    FakeJitd jitd{socket_path(), {{want}, {want}, {want}, {want}, {want}, {want}}};
    Wish wish;
    wish.service = "login";
    wish.phases = "c";
    const struct {
        const char *user;
        const char *tty;
        int code;
    } table[] = {
        {"root", "tty1", ignored_account},     {"root", "/dev/ttyS0", ignored_account},
        {"root", "console", ignored_account},  {"root", "hvc0", ignored_account},
        {"root", "ttyAMA0", ignored_account},  {"root", "pts/0", PAM_PERM_DENIED},
        {"root", "ttyX", PAM_PERM_DENIED},     {"root", "tty", PAM_PERM_DENIED},
        {"root", "consoles", PAM_PERM_DENIED}, {"root", "", PAM_PERM_DENIED},
        {"nobody", "tty1", PAM_PERM_DENIED},
    };
    for (const auto &row : table) {
        wish.user = row.user;
        wish.tty = row.tty;
        assert_codes(run(wish), {row.code});
    }
}

void elsewhere_the_requester_is_the_user_whatever_the_real_uid(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.real_uid = nobody;
    wish.user = "root";
    wish.ruser = "nobody";
    wish.phases = "a";
    const Play played = play_wish(wish, {{live}});
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.calls.at(0), R"("requester":"root","account":"root")"));
}

void unproven_needs_a_grant_in_account_and_gets_nothing_in_auth(void **)
{
    const Play with_grant = play_flow("ac", {{live}, {live}}, "");
    assert_codes(with_grant.outcome, {PAM_AUTH_ERR, PAM_SUCCESS});
    const Play without = play_flow("ac", {{refused}, {want}}, "");
    assert_codes(without.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_int_equal(without.calls.size(), 2);
    // jitd hears of it, in auth: by then somebody else has proven it, or there is no account phase.
    assert_true(has(without.calls[0], R"("unproven":true)"));
    assert_false(has(without.calls[1], "unproven"));
    assert_codes(play_flow("a", {{not_gated}}, "").outcome, {ignored_auth});
}

void what_observes_asks_in_auth_only_where_nobody_is_proven(void **)
{
    const auto calls = [](const std::string &words, const std::string &user) {
        write_service("door", words);
        Wish wish;
        wish.service = "door";
        wish.user = user;
        wish.phases = "a";
        const Play played = play_wish(wish, {{refused}});
        assert_codes(played.outcome, {ignored_auth});
        assert_text(played.outcome.shown, "");
        return played.calls;
    };
    assert_true(has(calls("observe", "nobody").at(0), R"("unproven":true,"observe":true)"));
    assert_int_equal(calls("observe proven", "nobody").size(), 0);
    assert_int_equal(calls("observe", "").size(), 0);
}

void a_name_that_cannot_be_resolved_is_asked_about_without_names(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.user = "no-such-user";
    wish.phases = "c";
    const Play played = play_wish(wish, {{want}});
    assert_codes(played.outcome, {PAM_PERM_DENIED});
    assert_true(has(played.calls.at(0), R"("account":"no-such-user","account_names":[])"));
}

void a_name_that_is_none_is_denied_whatever_jitd_says(void **)
{
    write_service("door", "proven");
    for (const std::string &user :
         {std::string{"-v"}, std::string{"a b"}, std::string{"a\nb"}, std::string{"\x1b[2J"},
          std::string{"../x"}, std::string{"\xff"}, std::string(65, 'a'),
          std::string(70000, 'a')}) {
        Wish wish;
        wish.service = "door";
        wish.user = user;
        wish.phases = "ac";
        const Play played = play_wish(wish, {{live}, {live}});
        assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
        assert_true(has(played.outcome.shown, "your user name is not one that jit can handle"));
    }
    // In sudo it is the target's: the call cannot be written.
    Wish wish = from_sudo("a");
    wish.user = std::string(65, 'a');
    assert_codes(play_wish(wish, {{live}}).outcome, {PAM_AUTH_ERR});
}

void without_a_user_the_program_is_asked_for_one_or_denied(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.user = "";
    wish.answer = "nobody";
    wish.phases = "c";
    const Play named = play_wish(wish, {{live}});
    assert_codes(named.outcome, {PAM_SUCCESS});
    assert_true(has(named.calls.at(0), R"("requester":"nobody")"));
    wish.phases = "ac";
    for (const Talk talk : {Talk::fails, Talk::no_reply, Talk::no_text, Talk::deaf}) {
        wish.talk = talk;
        const Play played = play_wish(wish, {{live}, {live}});
        assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    }
    wish.talk = Talk::good;
    wish.answer = "";
    assert_codes(play_wish(wish, {{live}, {live}}).outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
}

// libpam's pam_get_user(3) calls the function without a look.
void regress_no_user_and_no_conversation_is_denied_not_a_crash(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.user = "";
    wish.talk = Talk::absent;
    wish.phases = "ac";
    const Play played = play_wish(wish, {{live}, {live}});
    assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_true(has(played.calls.at(0), R"("requester":"?","account":"?","account_names":[])"));
}

Play sudo_with(const std::string &words, const std::string &service = "sudo")
{
    Wish wish = from_sudo("a", service);
    Terminal terminal;
    wish.terminal = &terminal;
    wish.before = [&] { pretend_command_line(words); };
    return play_wish(wish, {{want}, {pending, code, granted}});
}

void sudo_n_starts_no_flow(void **)
{
    using namespace std::string_literals;
    for (const std::string &words :
         {"sudo\0-n\0id\0"s, "sudo\0-nu\0root\0id\0"s, "sudo\0--non-interactive\0id\0"s,
          "sudo\0--non\0id\0"s, "sudo\0-u\0root\0-n\0"s, "x\0A=b\0-n\0id\0"s}) {
        const Play played = sudo_with(words);
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_int_equal(played.calls.size(), 1);
        assert_text(played.outcome.shown,
                    "Ejit: no live grant for role \"web\"; run: jitctl request web\n");
    }
    // -n of the command, of an option, or in another program is none of sudo's.
    for (const std::string &words : {"sudo\0id\0-n\0"s, "sudo\0--\0-n\0"s, "sudo\0-u\0-n\0id\0"s})
        assert_codes(sudo_with(words).outcome, {PAM_SUCCESS});
    assert_codes(sudo_with("su\0-n\0"s, "su").outcome, {PAM_SUCCESS});
}

void the_command_is_said_to_jitd_as_it_was_typed(void **)
{
    using namespace std::string_literals;
    const Play played = sudo_with("sudo\0-u\0root\0/bin/ls\0-l\0\x1b[2J\0"s);
    assert_true(has(played.calls.at(0), R"("command":"/bin/ls -l \u001b[2J)"));
    assert_true(has(played.calls.at(1), R"("command":"/bin/ls -l \u001b[2J)"));
}

// It runs as root for everybody, setuid or started by systemd, and says who it is by PAM_USER
// alone.
void of_polkit_s_helper_the_real_uid_is_nobody_s_and_the_command_line_nothing(void **)
{
    using namespace std::string_literals;
    write_service("polkit-1", "proven");
    for (const uid_t uid : {uid_t{0}, nobody}) {
        Wish wish;
        wish.service = "polkit-1";
        wish.ruser = "nobody";
        wish.real_uid = uid;
        wish.phases = "ac";
        wish.before = [] { pretend_command_line("polkit-agent-helper-1\0root\0"s); };
        for (const char *user : {"nobody", "root"}) {
            wish.user = user;
            const Play played = play_wish(wish, {{want}, {want}});
            assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
            assert_true(has(played.calls.at(0), R"("requester":")" + std::string{user} + R"(",)"));
            assert_true(played.calls.at(0).find("command") == std::string::npos);
        }
    }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(in_sudo_and_su_the_requester_is_the_real_uid_whatever_the_target),
        cmocka_unit_test(a_caller_that_is_not_the_real_uid_is_denied_whatever_jitd_says),
        cmocka_unit_test(a_real_uid_without_a_name_is_denied_whatever_jitd_says),
        cmocka_unit_test(root_is_exempt_by_real_uid_in_sudo_and_su_and_jitd_not_asked),
        cmocka_unit_test(a_service_that_sudo_has_for_some_commands_is_by_uid_too),
        cmocka_unit_test(root_is_never_exempt_because_he_is_the_target),
        cmocka_unit_test(root_is_exempt_in_login_on_the_console_alone),
        cmocka_unit_test(elsewhere_the_requester_is_the_user_whatever_the_real_uid),
        cmocka_unit_test(unproven_needs_a_grant_in_account_and_gets_nothing_in_auth),
        cmocka_unit_test(what_observes_asks_in_auth_only_where_nobody_is_proven),
        cmocka_unit_test(a_name_that_cannot_be_resolved_is_asked_about_without_names),
        cmocka_unit_test(a_name_that_is_none_is_denied_whatever_jitd_says),
        cmocka_unit_test(without_a_user_the_program_is_asked_for_one_or_denied),
        cmocka_unit_test(regress_no_user_and_no_conversation_is_denied_not_a_crash),
        cmocka_unit_test(sudo_n_starts_no_flow),
        cmocka_unit_test(the_command_is_said_to_jitd_as_it_was_typed),
        cmocka_unit_test(of_polkit_s_helper_the_real_uid_is_nobody_s_and_the_command_line_nothing),
    };
    return JIT_RUN_STAGE("module/caller", argv, tests);
}
