// The module as it is shipped, loaded by libpam under pam_wrapper, against a jitd that answers by a
// script. In each stack pam_debug.so follows it with a code that only stands when the module said
// PAM_IGNORE, so that every code is seen exactly.
#include "tests/unit/cmocka_cpp.h"

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/module/fake_jitd.h"
#include "tests/module/transaction.h"

using namespace jit::pam::test;
using std::chrono::milliseconds;
using Clock = FakeJitd::Clock;

namespace {

constexpr uid_t nobody = 65534;
constexpr int ignored_auth = PAM_CRED_INSUFFICIENT;
constexpr int ignored_account = PAM_ACCT_EXPIRED;
constexpr int ignored_setcred = PAM_CRED_EXPIRED;

std::string folder; // of the service files, the module's copy and the socket

void write_service(const std::string &name, const std::string &arguments)
{
    const std::string line = " [success=done ignore=ignore default=die] " + folder +
                             "/pam_jit.so socket=" + folder + "/socket " + arguments + "\n";
    std::ofstream{folder + "/pam.d/" + name}
        << "auth" << line << "auth required pam_debug.so auth=cred_insufficient cred=cred_expired\n"
        << "account" << line << "account required pam_debug.so acct=acct_expired\n"
        << "session" << line << "session required pam_permit.so\n";
}

std::string socket_path()
{
    return folder + "/socket";
}

// Plays one script for auth and account, from a service whose caller the line calls proven.
Outcome play(const std::string &phases, std::vector<Answers> answers,
             const std::string &arguments = "proven fast=1s", Terminal *terminal = nullptr)
{
    write_service("door", arguments);
    FakeJitd jitd{socket_path(), std::move(answers)};
    Wish wish;
    wish.service = "door";
    wish.phases = phases;
    wish.terminal = terminal;
    return run(wish);
}

const std::string id = R"("id":"0123456789abcdef","role":"web")";
const std::string live = frame(R"("verdict":"live","role":"web","grant":"0123456789abcdef")");
const std::string want = frame(R"("verdict":"request","role":"web")");
const std::string pending = frame(
    R"("state":"pending",)" + id + R"(,"host":"web01","duration":1800)", R"(,"continues":true)");
const std::string code =
    frame(R"("state":"code",)" + id +
              R"(,"host":"web01","duration":1800,"expires":900,)"
              R"("uri":"https://microsoft.com/devicelogin","code":"K7QF2MZ9R")",
          R"(,"continues":true)");
const std::string granted =
    frame(R"("state":"granted",)" + id + R"(,"until":"2026-03-17T14:05:00Z")");
const std::string denied =
    frame(R"("state":"denied",)" + id + R"(,"cause":"declined","message":"declined")");

void assert_codes(const Outcome &outcome, std::vector<int> codes)
{
    if (outcome.codes != codes) {
        for (const int each : outcome.codes)
            print_message("got %d ", each);
        print_message("status %d, shown: %s\n", outcome.status, outcome.shown.c_str());
    }
    assert_int_equal(outcome.status, 0);
    assert_true(outcome.codes == codes);
}

bool has(const std::string &text, const std::string &piece)
{
    const bool found = text.find(piece) != std::string::npos;
    if (!found)
        print_message("no \"%s\" in: %s\n", piece.c_str(), text.c_str());
    return found;
}

void live_passes_both_phases_with_one_round_trip_and_no_word(void **)
{
    write_service("door", "proven");
    FakeJitd jitd{socket_path(), {{live}}};
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    const Outcome outcome = run(wish);
    assert_codes(outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_text(outcome.shown, "");
    jitd.stop();
    assert_int_equal(jitd.calls.size(), 1);
    assert_true(has(
        jitd.calls[0],
        R"("requester":"nobody","account":"nobody","account_names":["nobody"],"service":"door","phase":"auth")"));
    assert_codes(play("c", {{live}}), {PAM_SUCCESS});
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

void ignore_exempt_and_observed_are_pam_ignore(void **)
{
    for (const char *verdict : {"ignore", "exempt", "observed"}) {
        const std::string answer = frame("\"verdict\":\"" + std::string(verdict) + "\"");
        assert_codes(play("ac", {{answer}, {answer}}), {ignored_auth, ignored_account});
    }
}

void denied_has_its_line_once_however_often_sudo_tries(void **)
{
    const std::string no = frame(R"("verdict":"denied","message":"not a requester")");
    const Outcome outcome = play("aaa", {{no}, {live}, {live}});
    assert_codes(outcome, {PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: not a requester\n");
    assert_codes(play("c", {{no}}), {PAM_PERM_DENIED});
}

void a_request_granted_passes_auth_and_account(void **)
{
    Terminal terminal;
    const Outcome outcome =
        play("acs", {{want}, {pending, code, granted}}, "proven fast=1s", &terminal);
    assert_codes(outcome, {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_true(has(outcome.shown, "jit: and enter the code  K7QF2MZ9R\n"));
    assert_true(has(outcome.shown, "Ijit: granted: role web until 14:05 UTC (30m).\n"));
}

void frames_in_pieces_and_together_are_the_same_frames(void **)
{
    Terminal terminal;
    assert_codes(play("a", {{want}, {pending + code.substr(0, 30), code.substr(30) + granted}},
                      "proven", &terminal),
                 {PAM_SUCCESS});
}

void denied_or_lost_in_the_middle_is_denied_without_a_second_flow(void **)
{
    Terminal terminal;
    const Outcome declined =
        play("aa", {{want}, {pending, code, denied}, {live}}, "proven", &terminal);
    assert_codes(declined, {PAM_AUTH_ERR, PAM_AUTH_ERR});
    assert_true(has(declined.shown, "Ejit: declined\n"));
    Terminal second;
    const Outcome lost = play("a", {{want}, {pending, code}}, "proven", &second);
    assert_codes(lost, {PAM_AUTH_ERR});
    assert_true(has(lost.shown, "jitd went away"));
}

void no_terminal_or_no_conversation_starts_no_flow(void **)
{
    const Outcome outcome = play("a", {{want}, {pending, code, granted}});
    assert_codes(outcome, {PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: no live grant for role \"web\"; run: jitctl request web\n");
    write_service("door", "proven");
    FakeJitd jitd{socket_path(), {{want}, {pending, code, granted}}};
    Terminal terminal;
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    wish.terminal = &terminal;
    wish.has_conversation = false;
    assert_codes(run(wish), {PAM_AUTH_ERR});
}

void account_never_starts_a_flow(void **)
{
    Terminal terminal;
    const Outcome outcome = play("cs", {{want}, {pending, code, granted}}, "proven", &terminal);
    assert_codes(outcome, {PAM_PERM_DENIED, ignored_setcred});
    assert_true(has(outcome.shown, "jitctl request web"));
}

void unproven_needs_a_grant_in_account_and_gets_nothing_in_auth(void **)
{
    Terminal terminal;
    assert_codes(play("a", {{live}}, "fast=1s", &terminal), {PAM_AUTH_ERR});
    assert_codes(play("a", {{want}, {pending, code, granted}}, "fast=1s", &terminal),
                 {PAM_AUTH_ERR});
    assert_codes(play("a", {{frame(R"("verdict":"ignore")")}}, "fast=1s"), {ignored_auth});
    assert_codes(play("c", {{live}}, "fast=1s"), {PAM_SUCCESS});
}

void what_is_not_a_reply_is_a_system_error(void **)
{
    const std::string nul(1, '\0');
    for (const std::string &answer :
         {"garbage" + nul, nul, "[]" + nul, "{\"parameters\":{\"verdict\":7}}" + nul,
          "{\"parameters\":{\"verdict\":\"live\",\"role\":\"web\"}} x" + nul,
          std::string(70000, ' ') + "{}" + nul, std::string(200000, 'x')}) {
        const Outcome outcome = play("a", {{answer}});
        assert_codes(outcome, {PAM_SYSTEM_ERR});
        assert_codes(play("c", {{answer}}), {PAM_SYSTEM_ERR});
    }
}

void no_answer_no_socket_and_half_a_frame_are_unavailable(void **)
{
    const auto start = Clock::now();
    assert_codes(play("a", {{"!hang"}}), {PAM_AUTHINFO_UNAVAIL});
    assert_true(Clock::now() - start < milliseconds{2000});
    assert_codes(play("c", {{"!hang"}}), {PAM_PERM_DENIED});
    assert_codes(play("a", {{live.substr(0, 20), "!hang"}}), {PAM_AUTHINFO_UNAVAIL});
    assert_codes(play("a", {{live.substr(0, 20)}}), {PAM_AUTHINFO_UNAVAIL});
    assert_codes(play("a", {{}}), {PAM_AUTHINFO_UNAVAIL});

    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    // The listener is gone, its name is left: refused.
    const Outcome refused = run(wish);
    assert_codes(refused, {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_true(has(refused.shown, "Connection refused"));
    (void)unlink(socket_path().c_str());
    const Outcome absent = run(wish);
    assert_codes(absent, {PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED});
    assert_true(has(absent.shown, "jit: jitd does not answer (" + socket_path() +
                                      ": No such file or directory)"));
}

void a_named_error_is_denied_with_its_message(void **)
{
    const std::string error =
        std::string{
            R"({"error":"io.jitd.Elevation.Misconfigured","parameters":{"message":"jitd.toml: line 3"}})"} +
        '\0';
    const Outcome outcome = play("a", {{error}});
    assert_codes(outcome, {PAM_AUTH_ERR});
    assert_text(outcome.shown, "Ejit: jitd.toml: line 3\n");
    assert_codes(play("c", {{error}}), {PAM_PERM_DENIED});
}

void a_full_queue_is_waited_for(void **)
{
    write_service("door", "proven fast=3s");
    (void)unlink(socket_path().c_str());
    const jit::Fd listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    const auto *name = reinterpret_cast<const sockaddr *>(&address);
    assert_int_equal(bind(listener.get(), name, sizeof address), 0);
    assert_int_equal(listen(listener.get(), 0), 0);
    std::vector<jit::Fd> waiting;
    for (;;) {
        waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (connect(waiting.back().get(), name, sizeof address) != 0)
            break;
    }
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
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    const Outcome outcome = run(wish);
    late.join();
    assert_codes(outcome, {PAM_SUCCESS});
}

void ctrl_c_cancels_within_100_ms_and_the_program_lives(void **)
{
    write_service("door", "proven");
    Terminal terminal;
    FakeJitd jitd{socket_path(), {{want}, {pending, code, "!act", "!hang"}}, [&] {
                      std::this_thread::sleep_for(milliseconds{100});
                      (void)!write(terminal.master.get(), "\x03", 1);
                  }};
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    wish.terminal = &terminal;
    const Outcome outcome = run(wish);
    jitd.stop();
    assert_codes(outcome, {PAM_ABORT});
    assert_true(has(outcome.shown, "jit: cancelled"));
    assert_true(jitd.left > jitd.acted);
    assert_true(jitd.left - jitd.acted < milliseconds{200});
}

void a_lost_terminal_cancels(void **)
{
    write_service("door", "proven");
    Terminal terminal;
    FakeJitd jitd{socket_path(), {{want}, {pending, code, "!act", "!hang"}}, [&] {
                      std::this_thread::sleep_for(milliseconds{100});
                      terminal.master.reset();
                  }};
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    wish.terminal = &terminal;
    assert_codes(run(wish), {PAM_ABORT});
}

Outcome play_sudo(uid_t real_uid, const std::string &user, const std::string &ruser,
                  const std::string &phases, std::vector<Answers> answers,
                  std::vector<std::string> *calls = nullptr)
{
    write_service("sudo", "fast=1s");
    FakeJitd jitd{socket_path(), std::move(answers)};
    Wish wish;
    wish.service = "sudo";
    wish.user = user;
    wish.ruser = ruser;
    wish.real_uid = real_uid;
    wish.phases = phases;
    const Outcome outcome = run(wish);
    jitd.stop();
    if (calls != nullptr)
        *calls = jitd.calls;
    return outcome;
}

void in_sudo_the_requester_is_the_real_uid_whatever_the_target(void **)
{
    std::vector<std::string> calls;
    assert_codes(play_sudo(nobody, "root", "nobody", "ac", {{live}}, &calls),
                 {PAM_SUCCESS, PAM_SUCCESS});
    assert_true(has(calls.at(0), R"("requester":"nobody","account":"root")"));
    const Outcome liar = play_sudo(nobody, "nobody", "root", "ac", {{live}}, &calls);
    assert_codes(liar, {PAM_AUTH_ERR, PAM_PERM_DENIED});
    assert_int_equal(calls.size(), 0);
}

void root_is_exempt_by_real_uid_alone_and_jitd_is_not_asked(void **)
{
    std::vector<std::string> calls;
    assert_codes(play_sudo(0, "nobody", "root", "ac", {{live}, {live}}, &calls),
                 {ignored_auth, ignored_account});
    assert_int_equal(calls.size(), 0);
    assert_codes(play_sudo(nobody, "root", "", "c", {{want}}), {PAM_PERM_DENIED});
}

void root_is_exempt_on_the_console_alone(void **)
{
    write_service("login", "fast=1s");
    FakeJitd jitd{socket_path(), {{want}, {want}, {want}}};
    Wish wish;
    wish.service = "login";
    wish.phases = "c";
    const struct {
        const char *user;
        const char *tty;
        int code;
    } table[] = {
        {"root", "tty1", ignored_account},    {"root", "/dev/ttyS0", ignored_account},
        {"root", "console", ignored_account}, {"root", "hvc0", ignored_account},
        {"root", "pts/0", PAM_PERM_DENIED},   {"root", "ttyX", PAM_PERM_DENIED},
        {"nobody", "tty1", PAM_PERM_DENIED},
    };
    for (const auto &row : table) {
        wish.user = row.user;
        wish.tty = row.tty;
        assert_codes(run(wish), {row.code});
    }
}

void only_and_observe_hold_with_jitd_dead(void **)
{
    (void)unlink(socket_path().c_str());
    Wish wish;
    wish.service = "door";
    wish.phases = "aco";
    for (const char *arguments : {"only=sudo,su", "observe"}) {
        write_service("door", arguments);
        const Outcome outcome = run(wish);
        assert_codes(outcome, {ignored_auth, ignored_account, PAM_SUCCESS});
        assert_true(outcome.shown.find("jit") == std::string::npos);
    }
    assert_codes(play("ac", {{want}}, "observe"), {ignored_auth, ignored_account});
}

void a_malformed_line_denies_but_never_in_the_session(void **)
{
    for (const char *arguments : {"frob", "fast=x", "role=a/b"})
        assert_codes(play("acox", {{live}, {live}}, arguments),
                     {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS, PAM_SUCCESS});
}

void a_session_under_a_grant_is_told_and_never_denied(void **)
{
    std::vector<std::string> calls;
    assert_codes(play_sudo(nobody, "nobody", "nobody", "acsox", {{live}}, &calls),
                 {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_int_equal(calls.size(), 3);
    assert_true(has(
        calls[1],
        R"("method":"io.jitd.Elevation.SessionOpened","parameters":{"grant":"0123456789abcdef","requester":"nobody")"));
    assert_true(has(calls[1], R"("oneway":true})"));
    assert_true(has(calls[2], "io.jitd.Elevation.SessionClosed"));
    assert_codes(play_sudo(nobody, "nobody", "nobody", "o", {}, &calls), {PAM_SUCCESS});
    assert_int_equal(calls.size(), 0);
}

void a_verdict_of_another_role_is_not_taken_over(void **)
{
    // Two lines of one stack: the second must ask for its own role.
    const std::string front = " [success=ok ignore=ignore default=die] " + folder +
                              "/pam_jit.so proven socket=" + folder + "/socket role=";
    std::ofstream{folder + "/pam.d/door"} << "auth" << front << "web\n"
                                          << "account" << front << "dba\n";
    FakeJitd jitd{socket_path(), {{live}, {frame(R"("verdict":"request","role":"dba")")}}};
    Wish wish;
    wish.service = "door";
    wish.phases = "ac";
    assert_codes(run(wish), {PAM_SUCCESS, PAM_PERM_DENIED});
}

// The address sanitizer must come first where the test is built with it.
std::string preloaded()
{
    std::ifstream maps{"/proc/self/maps"};
    std::string before;
    for (std::string line; std::getline(maps, line);)
        if (const auto at = line.find('/');
            at != std::string::npos && line.find("libasan") != std::string::npos)
            before = line.substr(at) + " ";
    return before + "libpam_wrapper.so";
}

} // namespace

int main(int, char **argv)
{
    if (std::getenv("PAM_WRAPPER_SERVICE_DIR") == nullptr) {
        char made[] = "/tmp/jit-module-XXXXXX";
        if (mkdtemp(made) == nullptr)
            return 1;
        (void)setenv("LD_PRELOAD", preloaded().c_str(), 1);
        // pam_wrapper's own leaks, not the module's, which has no heap but one calloc.
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
        (void)setenv("PAM_WRAPPER", "1", 1);
        const std::string services = std::string{made} + "/pam.d";
        (void)mkdir(services.c_str(), 0755);
        (void)setenv("PAM_WRAPPER_SERVICE_DIR", services.c_str(), 1);
        (void)execv("/proc/self/exe", argv);
        return 1;
    }
    if (geteuid() != 0) {
        std::fputs("test_module: needs root, to be sudo for another real uid\n", stderr);
        return 77;
    }
    folder = std::filesystem::path{std::getenv("PAM_WRAPPER_SERVICE_DIR")}.parent_path();
    // build/tests/module/test_module beside build/pam_jit/pam_jit.so
    const auto build = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../..";
    std::filesystem::copy_file(build / "pam_jit/pam_jit.so", folder + "/pam_jit.so");
    std::ofstream{folder + "/pam.d/other"} << "auth required pam_deny.so\n";

    const CMUnitTest tests[] = {
        cmocka_unit_test(live_passes_both_phases_with_one_round_trip_and_no_word),
        cmocka_unit_test(regress_root_asks_at_its_own_socket_first),
        cmocka_unit_test(ignore_exempt_and_observed_are_pam_ignore),
        cmocka_unit_test(denied_has_its_line_once_however_often_sudo_tries),
        cmocka_unit_test(a_request_granted_passes_auth_and_account),
        cmocka_unit_test(frames_in_pieces_and_together_are_the_same_frames),
        cmocka_unit_test(denied_or_lost_in_the_middle_is_denied_without_a_second_flow),
        cmocka_unit_test(no_terminal_or_no_conversation_starts_no_flow),
        cmocka_unit_test(account_never_starts_a_flow),
        cmocka_unit_test(unproven_needs_a_grant_in_account_and_gets_nothing_in_auth),
        cmocka_unit_test(what_is_not_a_reply_is_a_system_error),
        cmocka_unit_test(no_answer_no_socket_and_half_a_frame_are_unavailable),
        cmocka_unit_test(a_named_error_is_denied_with_its_message),
        cmocka_unit_test(a_full_queue_is_waited_for),
        cmocka_unit_test(ctrl_c_cancels_within_100_ms_and_the_program_lives),
        cmocka_unit_test(a_lost_terminal_cancels),
        cmocka_unit_test(in_sudo_the_requester_is_the_real_uid_whatever_the_target),
        cmocka_unit_test(root_is_exempt_by_real_uid_alone_and_jitd_is_not_asked),
        cmocka_unit_test(root_is_exempt_on_the_console_alone),
        cmocka_unit_test(only_and_observe_hold_with_jitd_dead),
        cmocka_unit_test(a_malformed_line_denies_but_never_in_the_session),
        cmocka_unit_test(a_session_under_a_grant_is_told_and_never_denied),
        cmocka_unit_test(a_verdict_of_another_role_is_not_taken_over),
    };
    const int status = cmocka_run_group_tests_name("module/pam_jit", tests, nullptr, nullptr);
    std::filesystem::remove_all(folder);
    return status;
}
