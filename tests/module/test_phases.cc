// Each phase and each way it can end, with the exact PAM code; what is remembered between phases.
#include "tests/module/stage.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

using namespace jit::pam::test;
using Clock = FakeJitd::Clock;

namespace {

void live_passes_both_phases_with_one_round_trip_and_no_word(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    const Play played = play_wish(wish, {{live}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_text(played.outcome.shown, "");
    assert_int_equal(played.calls.size(), 1);
    assert_true(has(
        played.calls[0],
        R"("requester":"nobody","account":"nobody","account_names":["nobody"],"service":"door","phase":"auth")"));
    assert_codes(play("c", {{live}}), {PAM_SUCCESS});
}

void every_answer_to_check_has_its_code_in_both_phases(void **)
{
    const struct {
        Answers answers;
        int auth;
        int account;
    } table[] = {
        {{live}, PAM_SUCCESS, PAM_SUCCESS},
        {{not_gated}, ignored_auth, ignored_account},
        {{frame(R"("verdict":"exempt")")}, ignored_auth, ignored_account},
        {{frame(R"("verdict":"observed")")}, ignored_auth, ignored_account},
        {{want}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {{choice}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {{refused}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {{frame(R"("verdict":"denied")")}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {{misconfigured}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {{}, PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED},
        {{"garbage" + nul}, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
    };
    for (const auto &row : table) {
        assert_codes(play("a", {row.answers}), {row.auth});
        assert_codes(play("c", {row.answers}), {row.account});
    }
}

void every_end_of_a_request_has_its_code(void **)
{
    const std::string failed =
        error_frame("io.jitd.Elevation.ProviderUnreachable", R"("message":"no network")");
    const struct {
        Answers answers;
        int auth;
    } table[] = {
        {{pending, code, granted}, PAM_SUCCESS},
        {{pending, granted}, PAM_SUCCESS},
        {{granted}, PAM_SUCCESS},
        {{pending, code, declined}, PAM_AUTH_ERR},
        {{declined}, PAM_AUTH_ERR},
        {{pending, failed}, PAM_AUTH_ERR},
        {{failed}, PAM_AUTH_ERR},
        {{}, PAM_AUTHINFO_UNAVAIL},
        {{pending}, PAM_AUTH_ERR},
        {{pending, code}, PAM_AUTH_ERR},
        {{pending, code, granted.substr(0, 30)}, PAM_AUTH_ERR},
        {{pending, "garbage" + nul}, PAM_SYSTEM_ERR},
    };
    for (const auto &row : table)
        assert_codes(play_flow("a", {{want}, row.answers}).outcome, {row.auth});
}

void a_request_granted_passes_every_later_phase(void **)
{
    const Play played = play_flow("acesrox", {{want}, {pending, code, granted}});
    assert_codes(played.outcome, std::vector<int>(7, PAM_SUCCESS));
    assert_true(has(played.outcome.shown, "jit: and enter the code  K7QF2MZ9R  (K7Q F2M Z9R)\n"));
    assert_true(has(played.outcome.shown, "Ijit: granted: role web until 14:05 UTC (30m).\n"));
    assert_int_equal(played.calls.size(), 4);
    assert_true(has(played.calls[1], "io.jitd.Elevation.Request"));
    assert_true(has(played.calls[2], R"(SessionOpened","parameters":{"grant":"0123456789abcdef")"));
}

void account_never_starts_a_flow(void **)
{
    for (const std::string &answer : {want, choice}) {
        const Play played = play_flow("cs", {{answer}, {pending, code, granted}});
        assert_codes(played.outcome, {PAM_PERM_DENIED, ignored_setcred});
        assert_true(has(played.outcome.shown, "jitctl request"));
        assert_int_equal(played.calls.size(), 1);
    }
}

// Asked alone, since libpam lets setcred follow what auth of the same line said.
void setcred_is_a_yes_after_an_allowed_account_phase_alone(void **)
{
    for (const char flag : {'s', 'e', 'r', 'd'}) {
        const std::string setcred(1, flag);
        assert_codes(play("c" + setcred, {{live}}), {PAM_SUCCESS, PAM_SUCCESS});
        assert_codes(play("ac" + setcred, {{live}}), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
        assert_codes(knock(setcred), {ignored_setcred});
        assert_codes(play("c" + setcred, {{refused}}), {PAM_PERM_DENIED, ignored_setcred});
        assert_codes(play("c" + setcred, {{not_gated}}), {ignored_account, ignored_setcred});
        assert_codes(play("c" + setcred, {{}}), {PAM_PERM_DENIED, ignored_setcred});
        assert_codes(play("cc" + setcred, {{live}, {refused}}),
                     {PAM_SUCCESS, PAM_PERM_DENIED, ignored_setcred});
        assert_int_not_equal(play("a" + setcred, {{live}}).codes.at(1), PAM_SUCCESS);
    }
}

void a_session_under_a_grant_is_told_and_never_denied(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.tty = "/dev/pts/7";
    wish.phases = "acsox";
    const Play played = play_wish(wish, {{live}});
    assert_codes(played.outcome, std::vector<int>(5, PAM_SUCCESS));
    assert_int_equal(played.calls.size(), 3);
    assert_true(has(
        played.calls[1],
        R"("method":"io.jitd.Elevation.SessionOpened","parameters":{"grant":"0123456789abcdef","requester":"nobody")"));
    assert_true(has(played.calls[1], R"("tty":"/dev/pts/7")"));
    assert_true(has(played.calls[1], R"("oneway":true})"));
    assert_true(has(played.calls[2], "io.jitd.Elevation.SessionClosed"));
}

// Its programs end with the grant: nothing of it starts before jitd has said that they will.
void a_session_that_ends_with_its_grant_waits_for_jitd_and_is_never_denied(void **)
{
    write_service("door", "proven fast=2s");
    Wish wish;
    wish.service = "door";
    wish.phases = "acox";
    const std::string left = R"({"parameters":{"left":600}})" + nul;
    const std::string nothing = R"({"parameters":{}})" + nul;
    const std::string broken =
        R"({"error":"io.jitd.Elevation.Unavailable","parameters":{"message":"no"}})" + nul;
    struct Case {
        Answers answers;
        int least_ms, most_ms;
    };
    for (const Case &each : {Case{{left}, 0, 1500},
                             {{nothing}, 0, 1500},
                             {{"!wait 300", left}, 300, 1800},
                             {{broken}, 0, 1500},
                             {{"garbage" + nul}, 0, 1500},
                             {{}, 0, 1500},
                             {{"!hang"}, 1900, 3500}}) {
        const auto start = Clock::now();
        const Play played = play_wish(wish, {{confined}, each.answers});
        const auto took = Clock::now() - start;
        assert_codes(played.outcome, std::vector<int>(4, PAM_SUCCESS));
        assert_true(has(played.calls.at(1), "io.jitd.Elevation.SessionOpened"));
        assert_true(played.calls[1].find("oneway") == std::string::npos);
        assert_true(has(played.calls.at(2), R"("oneway":true})"));
        assert_true(took >= std::chrono::milliseconds{each.least_ms});
        assert_true(took < std::chrono::milliseconds{each.most_ms});
    }
}

void a_session_without_a_grant_is_not_told_and_not_denied(void **)
{
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "ox";
    Play played = play_wish(wish, {});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_int_equal(played.calls.size(), 0);
    wish.phases = "cox";
    for (const std::string &answer : {refused, want, not_gated, "garbage" + nul}) {
        played = play_wish(wish, {{answer}});
        assert_int_equal(played.outcome.codes.at(1), PAM_SUCCESS);
        assert_int_equal(played.outcome.codes.at(2), PAM_SUCCESS);
        assert_int_equal(played.calls.size(), 1);
    }
    assert_codes(knock("ox"), {PAM_SUCCESS, PAM_SUCCESS}); // jitd is dead
}

void a_session_is_opened_though_jitd_died_or_takes_no_more(void **)
{
    // The account phase is answered, then nobody accepts any more and the queue is full.
    jit::Fd listener = listen_at(socket_path(), 0);
    std::vector<jit::Fd> waiting;
    std::thread once{[&] {
        const jit::Fd peer{accept(listener.get(), nullptr, nullptr)};
        char bytes[4096];
        (void)!read(peer.get(), bytes, sizeof bytes);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
        do
            waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        while (connect(waiting.back().get(), reinterpret_cast<const sockaddr *>(&address),
                       sizeof address) == 0);
        (void)!write(peer.get(), live.data(), live.size());
    }};
    const auto start = Clock::now();
    const Outcome full = knock("cox");
    once.join();
    assert_codes(full, {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_true(Clock::now() - start < std::chrono::seconds{5});

    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "cox";
    FakeJitd jitd{socket_path(), {{"!act", live}}, [] { remove_socket(); }};
    assert_codes(run(wish), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
}

void passwords_are_not_the_module_s(void **)
{
    assert_codes(play("p", {{live}}), {ignored_chauthtok});
    assert_codes(play("cp", {{live}}), {PAM_SUCCESS, ignored_chauthtok});
    assert_codes(knock("p", "frob"), {ignored_chauthtok});
}

void flags_of_the_program_change_no_code(void **)
{
    write_service("door", "proven");
    for (const int flags : {0, int{PAM_SILENT}, int{PAM_DISALLOW_NULL_AUTHTOK}, -1}) {
        Wish wish;
        wish.service = "door";
        wish.phases = "ac";
        wish.flags = flags == -1 ? PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK : flags;
        assert_codes(play_wish(wish, {{live}}).outcome, {PAM_SUCCESS, PAM_SUCCESS});
        const Outcome no = play_wish(wish, {{refused}, {refused}}).outcome;
        assert_codes(no, {PAM_AUTH_ERR, PAM_PERM_DENIED});
        assert_text(no.shown, "Ejit: not a requester\nEjit: not a requester\n");
    }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(live_passes_both_phases_with_one_round_trip_and_no_word),
        cmocka_unit_test(every_answer_to_check_has_its_code_in_both_phases),
        cmocka_unit_test(every_end_of_a_request_has_its_code),
        cmocka_unit_test(a_request_granted_passes_every_later_phase),
        cmocka_unit_test(account_never_starts_a_flow),
        cmocka_unit_test(setcred_is_a_yes_after_an_allowed_account_phase_alone),
        cmocka_unit_test(a_session_under_a_grant_is_told_and_never_denied),
        cmocka_unit_test(a_session_that_ends_with_its_grant_waits_for_jitd_and_is_never_denied),
        cmocka_unit_test(a_session_without_a_grant_is_not_told_and_not_denied),
        cmocka_unit_test(a_session_is_opened_though_jitd_died_or_takes_no_more),
        cmocka_unit_test(passwords_are_not_the_module_s),
        cmocka_unit_test(flags_of_the_program_change_no_code),
    };
    return JIT_RUN_STAGE("module/phases", argv, tests);
}
