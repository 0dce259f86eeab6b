// As sshd calls it: its environment in the handle, its client's socket among the descriptors, each
// phase perhaps in another process.
#include "tests/module/stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

using namespace jit::pam::test;
using jit::Fd;

namespace {

// A client's connection: sshd's end of it, and the words for it.
struct Connection {
    explicit Connection(int family)
    {
        const Fd listening{socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        // An IPv4 client of a server that listens to IPv6 alone, as sshd may.
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const bool is_six = family == AF_INET6;
        const int off = 0;
        if (is_six)
            (void)setsockopt(listening.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        const auto *const any =
            is_six ? reinterpret_cast<sockaddr *>(&six) : reinterpret_cast<sockaddr *>(&four);
        is_there = static_cast<bool>(listening) &&
                   bind(listening.get(), any, is_six ? sizeof six : sizeof four) == 0 &&
                   listen(listening.get(), 1) == 0;
        if (!is_there)
            return;
        const std::uint16_t port = port_of(listening.get());
        four.sin_port = htons(port);
        client.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assert_int_equal(connect(client.get(), reinterpret_cast<sockaddr *>(&four), sizeof four),
                         0);
        server.reset(accept(listening.get(), nullptr, nullptr));
        assert_true(static_cast<bool>(server));
        words = "127.0.0.1 " + std::to_string(port_of(client.get())) + " 127.0.0.1 " +
                std::to_string(port);
    }
    static std::uint16_t port_of(int fd)
    {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        auto *const plain = reinterpret_cast<sockaddr *>(&address);
        assert_int_equal(getsockname(fd, plain, &size), 0);
        return address.ss_family == AF_INET6
                   ? ntohs(reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_port)
                   : ntohs(reinterpret_cast<const sockaddr_in *>(&address)->sin_port);
    }

    bool is_there = false;
    Fd client;
    Fd server;
    std::string words;
};

const std::string approved = frame(R"("state":"approved",)" + id);
const std::string made = frame(R"("verdict":"live","role":"web","grant":"0123456789abcdef",)"
                               R"("until":"2026-03-17T14:05:00Z","granted":true)");

Wish login(const Connection &connection, const std::string &phases,
           const std::string &service = "sshd")
{
    write_service(service, "");
    Wish wish;
    wish.service = service;
    wish.tty = "ssh";
    wish.environment = {"SSH_CONNECTION=" + connection.words,
                        "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA"};
    wish.phases = phases;
    return wish;
}

void the_code_stands_above_a_prompt_and_the_account_phase_makes_the_grant(void **)
{
    const Connection connection{AF_INET};
    const Play played = play_wish(login(connection, "ac"),
                                  {{want}, {pending, code, "!wait 50", approved}, {}, {made}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_true(has(played.outcome.shown, "jit: and enter the code  K7QF2MZ9R  (K7Q F2M Z9R)\n"));
    assert_true(has(played.outcome.shown, "Pjit: when that is done, press Enter"));
    assert_true(has(played.outcome.shown, "Ijit: granted: role web until 14:05 UTC"));
    const std::string said = R"("rhost":"127.0.0.1")";
    for (const std::size_t i : {0U, 1U})
        assert_true(has(played.calls[i], said));
    // The Enter is passed on beside; then the account phase asks anew, though auth was just now.
    const std::string &last = played.calls.back();
    assert_true(has(last, R"("phase":"account")"));
    assert_true(has(last, R"("connection":")" + connection.words + "\""));
    assert_true(has(last, R"("proof":"publickey ssh-ed25519 AAAA")"));
    assert_true(last.find("tty") == std::string::npos);
}

void what_is_called_like_sshd_is_sshd(void **)
{
    const Connection connection{AF_INET};
    const Play played =
        play_wish(login(connection, "a", "sshd-jit"), {{want}, {pending, approved}});
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.calls[0], R"("service":"sshd-jit")"));
    // And nothing else, whatever stands in its environment.
    Wish other = login(connection, "a", "door");
    const Play elsewhere = play_wish(other, {{live}});
    assert_codes(elsewhere.outcome, {PAM_AUTH_ERR});
    assert_true(elsewhere.calls[0].find("connection") == std::string::npos);
}

void a_live_grant_lets_in_who_has_a_key_and_nobody_else(void **)
{
    const Connection connection{AF_INET};
    Wish wish = login(connection, "ac");
    const Play played = play_wish(wish, {{live}, {live}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_text(played.outcome.shown, "");
    for (const std::string &call : played.calls)
        assert_false(has(call, "unproven"));
    wish.environment.pop_back();
    wish.phases = "a";
    const Play unproven = play_wish(wish, {{live}});
    assert_codes(unproven.outcome, {PAM_AUTH_ERR});
    assert_true(has(unproven.outcome.shown, "Ejit: nobody has proven who you are"));
    assert_int_equal(unproven.calls.size(), 1);
    assert_true(has(unproven.calls[0], R"("unproven":true)"));
}

void jitd_says_whether_a_sign_in_may_prove_who_is_there(void **)
{
    const Connection connection{AF_INET};
    Wish wish = login(connection, "a");
    wish.environment.pop_back();
    assert_codes(play_wish(wish, {{refused}}).outcome, {PAM_AUTH_ERR});
    const Play begun = play_wish(wish, {{want}, {pending, approved}});
    assert_codes(begun.outcome, {PAM_SUCCESS});
    for (const std::size_t i : {0U, 1U})
        assert_true(has(begun.calls[i], R"("unproven":true)"));
    // At a terminal: by the line.
    for (const bool is_proven : {true, false}) {
        write_service("door", is_proven ? "proven" : "");
        Wish door;
        door.service = "door";
        door.phases = "a";
        const Play played = play_wish(door, {{want}, {pending, code, granted}});
        assert_int_equal(has(played.calls[0], R"("unproven":true)"), !is_proven);
    }
}

void a_client_that_has_gone_gets_nothing(void **)
{
    for (const int family : {AF_INET, AF_INET6}) {
        Connection connection{family};
        if (!connection.is_there)
            continue;
        connection.client.reset();
        for (const char *phases : {"a", "c"}) {
            const Play played = play_wish(login(connection, phases), {{live}});
            assert_codes(played.outcome, {PAM_ABORT});
            assert_int_equal(played.calls.size(), 0);
        }
    }
}

void a_client_that_goes_while_jitd_is_waited_for_ends_the_wait(void **)
{
    for (const int family : {AF_INET, AF_INET6}) {
        Connection connection{family};
        if (!connection.is_there)
            continue;
        std::thread leaving{[&] {
            (void)usleep(300'000);
            (void)shutdown(connection.client.get(), SHUT_RDWR);
        }};
        const auto began = FakeJitd::Clock::now();
        const Play played = play_wish(login(connection, "a"), {{want}, {pending, "!hang"}});
        leaving.join();
        assert_codes(played.outcome, {PAM_ABORT});
        assert_true(FakeJitd::Clock::now() - began < std::chrono::seconds{5});
        assert_int_equal(played.left_count, 1);
    }
}

void its_session_is_told_by_the_connection_from_whatever_process(void **)
{
    const Connection connection{AF_INET};
    const Play played = play_wish(login(connection, "ox"), {{}, {}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_int_equal(played.calls.size(), 2);
    assert_true(has(played.calls[0], R"(SessionOpened","parameters":{"connection":")" +
                                         connection.words + R"(","requester":"nobody")"));
    assert_true(has(played.calls[1], R"(SessionClosed","parameters":{"connection":")"));
}

void a_conversation_that_can_not_prompt_ends_the_request(void **)
{
    const Connection connection{AF_INET};
    Wish wish = login(connection, "a");
    wish.talk = Talk::deaf;
    const Play played = play_wish(wish, {{want}, {pending, code, "!hang"}});
    assert_codes(played.outcome, {PAM_CONV_ERR});
    assert_int_equal(played.left_count, 1);
}

void an_approval_stands_above_a_prompt_too(void **)
{
    const Connection connection{AF_INET};
    const std::string awaits = approval("an approver must say yes");
    const Play played = play_wish(login(connection, "ac"),
                                  {{want}, {pending, awaits, "!wait 50", approved}, {}, {made}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_true(has(played.outcome.shown, "Ijit: an approver must say yes\n"
                                          "jit: 1h left for the approval\n\n"
                                          "Pjit: press Enter to look again \n"));
    // Nobody is asked whether to keep it: who goes away cancels.
    std::thread leaving;
    FakeJitd jitd{socket_path(), {{want}, {pending, awaits, "!act", "!hang"}}, [&] {
                      leaving = std::thread{[&] {
                          (void)usleep(300'000);
                          (void)shutdown(connection.client.get(), SHUT_RDWR);
                      }};
                  }};
    Wish wish = login(connection, "a");
    assert_codes(run(wish), {PAM_ABORT});
    jitd.stop();
    leaving.join();
    assert_int_equal(jitd.left_count, 1);
}

void a_request_that_outlasts_its_login_is_left_before_the_prompt(void **)
{
    const Connection connection{AF_INET};
    Wish wish = login(connection, "a");
    write_service("sshd", "timeout=110s");
    const Play played =
        play_wish(wish, {{want},
                         {pending, approval("an approver must say yes"), "!beside", approved},
                         {frame("")}});
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.calls.at(2), "io.jitd.Elevation.Leave"));
    assert_true(has(played.outcome.shown,
                    "jit: this login waits for 1m50s, and the request goes on after that\n\n"
                    "Pjit: press Enter to look again \n"));
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_code_stands_above_a_prompt_and_the_account_phase_makes_the_grant),
        cmocka_unit_test(what_is_called_like_sshd_is_sshd),
        cmocka_unit_test(a_live_grant_lets_in_who_has_a_key_and_nobody_else),
        cmocka_unit_test(jitd_says_whether_a_sign_in_may_prove_who_is_there),
        cmocka_unit_test(a_client_that_has_gone_gets_nothing),
        cmocka_unit_test(a_client_that_goes_while_jitd_is_waited_for_ends_the_wait),
        cmocka_unit_test(its_session_is_told_by_the_connection_from_whatever_process),
        cmocka_unit_test(a_conversation_that_can_not_prompt_ends_the_request),
        cmocka_unit_test(an_approval_stands_above_a_prompt_too),
        cmocka_unit_test(a_request_that_outlasts_its_login_is_left_before_the_prompt),
    };
    return JIT_RUN_STAGE("module/ssh", argv, tests);
}
