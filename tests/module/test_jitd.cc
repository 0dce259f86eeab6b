// A jitd that is dead, slow, or gone in the middle.
#include "tests/module/stage.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

using namespace jit::pam::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = FakeJitd::Clock;

namespace {

const std::string hasty = "proven fast=1s";
constexpr seconds hasty_enough{6}; // on a machine that has much else to do

// Longer than anybody is asked to wait, when it drips.
std::string long_frame(const std::string &text)
{
    return std::string(2000, ' ') + text;
}

void jitd_absent_is_unavailable_and_says_where_it_was_looked_for(void **)
{
    remove_socket();
    const Outcome outcome = knock("acso");
    assert_int_equal(outcome.codes.at(0), PAM_AUTHINFO_UNAVAIL);
    assert_int_equal(outcome.codes.at(1), PAM_PERM_DENIED);
    assert_int_not_equal(outcome.codes.at(2), PAM_SUCCESS);
    assert_int_equal(outcome.codes.at(3), PAM_SUCCESS);
    assert_true(has(outcome.shown, "jit: jitd does not answer: " + socket_path() + ": No such"));
}

void jitd_s_socket_without_jitd_is_unavailable(void **)
{
    (void)listen_at(socket_path(), 1); // closed at once, its name stays
    const Outcome outcome = knock("ac");
    assert_codes(outcome, {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_true(has(outcome.shown, "Connection refused"));
}

// Any user can fill the queue of the socket for everybody; nobody but root that of root's own.
void regress_root_asks_at_its_own_socket_first(void **)
{
    write_service("door", "proven fast=1s");
    Wish wish;
    wish.service = "door";
    wish.phases = "aco";
    const std::string own = socket_path() + ".root";
    {
        FakeJitd everybodys{socket_path(), {{live}}};
        FakeJitd roots{own, {{live}, {}}};
        assert_codes(run(wish), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
        everybodys.stop();
        roots.stop();
        assert_true(everybodys.calls.empty());
        assert_int_equal(roots.calls.size(), 2);
        assert_true(has(roots.calls[1], "SessionOpened"));
    }
    {
        // Its name is left, and nobody listens there.
        FakeJitd everybodys{socket_path(), {{live}, {}}};
        assert_codes(run(wish), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
        everybodys.stop();
        assert_int_equal(everybodys.calls.size(), 2);
    }
    (void)unlink(own.c_str());
}

void what_is_not_jitd_s_kind_of_socket_is_unavailable(void **)
{
    remove_socket();
    std::ofstream{socket_path()} << "a file";
    assert_codes(knock("ac"), {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_codes(knock("ac", "proven socket=" + socket_path() + "/below"),
                 {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    remove_socket();
    assert_int_equal(mkdir(socket_path().c_str(), 0755), 0);
    assert_codes(knock("ac"), {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_int_equal(rmdir(socket_path().c_str()), 0);
    for (const int kind : {SOCK_DGRAM, SOCK_SEQPACKET}) {
        remove_socket();
        const jit::Fd other{socket(AF_UNIX, kind | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
        const auto *name = reinterpret_cast<const sockaddr *>(&address);
        assert_int_equal(bind(other.get(), name, sizeof address), 0);
        if (kind == SOCK_SEQPACKET)
            assert_int_equal(listen(other.get(), 4), 0);
        assert_codes(knock("ac"), {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    }
}

void jitd_that_accepts_nobody_is_unavailable_after_fast(void **)
{
    const jit::Fd listener = listen_at(socket_path(), 8);
    const auto start = Clock::now();
    const Outcome outcome = knock("ac", hasty);
    assert_codes(outcome, {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_true(Clock::now() - start >= seconds{2});
    assert_true(Clock::now() - start < seconds{2} + hasty_enough);
    assert_true(has(outcome.shown, "no answer within 1s"));
}

void no_whole_answer_within_fast_is_unavailable(void **)
{
    const auto start = Clock::now();
    for (const Play &played :
         play_flows("a",
                    {{{"!hang"}},
                     {{"!deaf", "!hang"}},
                     {{live.substr(0, 20), "!hang"}},
                     {{live.substr(0, live.size() - 1), "!hang"}}, // all but its NUL
                     {{std::string(1000, ' '), "!hang"}},
                     {{"!wait 10000", live}},
                     {{"!drip 20", long_frame(live)}}},
                    hasty)) {
        assert_codes(played.outcome, {PAM_AUTHINFO_UNAVAIL});
        assert_true(has(played.outcome.shown, "no answer within 1s"));
        assert_int_equal(played.left_count, 1);
    }
    assert_true(Clock::now() - start < hasty_enough);
    assert_codes(play("c", {{"!hang"}}, hasty), {PAM_PERM_DENIED});
}

void an_answer_after_the_deadline_is_not_the_next_phase_s(void **)
{
    assert_codes(play("ac", {{"!wait 10000", live}, {want}}, hasty),
                 {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
}

void jitd_that_closes_without_a_whole_frame_is_unavailable(void **)
{
    const Answers table[] = {
        {},
        {"!deaf"}, // the call is not sent, or not read: a broken pipe, or a reset
        {"!deaf"},
        {"!deaf"},
        {live.substr(0, 1)},
        {live.substr(0, 20)},
        {live.substr(0, live.size() - 1)},
    };
    for (const Answers &answers : table) {
        const Outcome outcome = play("a", {answers});
        assert_codes(outcome, {PAM_AUTHINFO_UNAVAIL});
        assert_true(has(outcome.shown, "jitd went away before it answered; try again"));
        assert_codes(play("c", {answers}), {PAM_PERM_DENIED});
    }
}

void frames_in_pieces_and_together_are_the_same_frames(void **)
{
    assert_codes(play("a", {{"!drip 1", live}}), {PAM_SUCCESS});
    const Play played =
        play_flow("a", {{want}, {pending + code.substr(0, 30), code.substr(30) + granted}});
    assert_codes(played.outcome, {PAM_SUCCESS});
}

void of_two_answers_the_first_counts(void **)
{
    assert_codes(play("a", {{live + refused}}), {PAM_SUCCESS});
    assert_codes(play("a", {{refused + live}}), {PAM_AUTH_ERR});
    // What was left unread of one call is no answer to the next.
    assert_codes(play("ac", {{refused + live}, {want + live}}), {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_codes(play("ac", {{refused + live}}), {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_codes(play_flow("a", {{want + granted}, {pending, code, declined + granted}}).outcome,
                 {PAM_AUTH_ERR});
    assert_codes(play_flow("a", {{want}, {pending, code, granted + declined}}).outcome,
                 {PAM_SUCCESS});
}

void a_full_queue_is_waited_for(void **)
{
    const jit::Fd listener = listen_at(socket_path(), 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    std::vector<jit::Fd> waiting;
    do
        waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (connect(waiting.back().get(), reinterpret_cast<const sockaddr *>(&address),
                   sizeof address) == 0);
    waiting.pop_back();
    std::thread late{[&] {
        std::this_thread::sleep_for(milliseconds{300});
        for (std::size_t i = 0; i < waiting.size(); ++i)
            (void)close(accept(listener.get(), nullptr, nullptr));
        const jit::Fd peer{accept(listener.get(), nullptr, nullptr)};
        char bytes[4096];
        (void)!read(peer.get(), bytes, sizeof bytes);
        (void)!write(peer.get(), live.data(), live.size());
    }};
    const Outcome outcome = knock("a", "proven fast=10s");
    late.join();
    assert_codes(outcome, {PAM_SUCCESS});
}

void a_queue_full_for_ever_is_unavailable_after_fast(void **)
{
    const jit::Fd listener = listen_at(socket_path(), 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    std::vector<jit::Fd> waiting;
    do
        waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (connect(waiting.back().get(), reinterpret_cast<const sockaddr *>(&address),
                   sizeof address) == 0);
    const auto start = Clock::now();
    assert_codes(knock("a", hasty), {PAM_AUTHINFO_UNAVAIL});
    assert_true(Clock::now() - start < hasty_enough);
}

void jitd_gone_between_check_and_request_is_unavailable(void **)
{
    write_service("door", "proven");
    Terminal terminal;
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    wish.terminal = &terminal;
    FakeJitd jitd{socket_path(), {{"!act", want}}, [] { remove_socket(); }};
    assert_codes(run(wish), {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
}

void jitd_that_takes_the_request_and_says_nothing_is_unavailable_after_fast(void **)
{
    const auto start = Clock::now();
    for (const Play &played : play_flows("a",
                                         {{{want}, {"!hang"}},
                                          {{want}, {"!drip 20", long_frame(pending)}},
                                          {{want}, {"!wait 10000", granted}}},
                                         hasty)) {
        assert_codes(played.outcome, {PAM_AUTHINFO_UNAVAIL});
        assert_int_equal(played.left_count, 1);
    }
    assert_true(Clock::now() - start < hasty_enough);
}

void jitd_gone_in_the_middle_of_a_request_is_denied(void **)
{
    for (const Answers &answers :
         {Answers{pending}, Answers{pending, code}, Answers{pending, code.substr(0, 40)},
          Answers{pending, code, granted.substr(0, granted.size() - 1)}}) {
        const Play played = play_flow("ac", {{want}, answers, {want}});
        assert_codes(played.outcome, {PAM_AUTH_ERR, PAM_PERM_DENIED});
        assert_true(has(played.outcome.shown, "Ejit: jitd went away; try again\n"));
    }
}

void a_request_that_outlives_its_time_is_denied_and_cancelled(void **)
{
    const auto start = Clock::now();
    for (const Play &played :
         play_flows("a",
                    {{{want}, {pending, "!hang"}},
                     {{want}, {pending, code, "!wait 10000", granted}},
                     {{want}, {pending, code, "!drip 20", long_frame(granted)}}},
                    "proven timeout=2s")) {
        assert_codes(played.outcome, {PAM_AUTH_ERR});
        assert_true(has(played.outcome.shown, "nobody approved in time"));
        assert_int_equal(played.left_count, 1);
    }
    assert_true(Clock::now() - start < hasty_enough);
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(jitd_absent_is_unavailable_and_says_where_it_was_looked_for),
        cmocka_unit_test(jitd_s_socket_without_jitd_is_unavailable),
        cmocka_unit_test(regress_root_asks_at_its_own_socket_first),
        cmocka_unit_test(what_is_not_jitd_s_kind_of_socket_is_unavailable),
        cmocka_unit_test(jitd_that_accepts_nobody_is_unavailable_after_fast),
        cmocka_unit_test(no_whole_answer_within_fast_is_unavailable),
        cmocka_unit_test(an_answer_after_the_deadline_is_not_the_next_phase_s),
        cmocka_unit_test(jitd_that_closes_without_a_whole_frame_is_unavailable),
        cmocka_unit_test(frames_in_pieces_and_together_are_the_same_frames),
        cmocka_unit_test(of_two_answers_the_first_counts),
        cmocka_unit_test(a_full_queue_is_waited_for),
        cmocka_unit_test(a_queue_full_for_ever_is_unavailable_after_fast),
        cmocka_unit_test(jitd_gone_between_check_and_request_is_unavailable),
        cmocka_unit_test(jitd_that_takes_the_request_and_says_nothing_is_unavailable_after_fast),
        cmocka_unit_test(jitd_gone_in_the_middle_of_a_request_is_denied),
        cmocka_unit_test(a_request_that_outlives_its_time_is_denied_and_cancelled),
    };
    return JIT_RUN_STAGE("module/jitd", argv, tests);
}
