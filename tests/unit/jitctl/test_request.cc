#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

const std::string pending =
    R"({"parameters":{"state":"pending","id":"0123456789abcdef","role":"web"},"continues":true})";
const std::string code =
    R"({"parameters":{"state":"code","id":"0123456789abcdef","role":"web","host":"web01",)"
    R"("duration":1800,"uri":"https://microsoft.com/devicelogin","code":"ABCD-EFGH",)"
    R"("expires":900},"continues":true})";
const std::string granted =
    R"({"parameters":{"state":"granted","id":"0123456789abcdef","role":"web",)"
    R"("until":"2099-03-17T10:11:05Z","groups":["jit-web"]}})";
const std::string record =
    R"({"parameters":{"grant":{"id":"0123456789abcdef","role":"web","user":"alice","oid":"o",)"
    R"("groups":["jit-web"],"state":"live","since":"2099-03-17T09:41:05Z",)"
    R"("until":"2099-03-17T10:11:05Z","host":"web01","approvers":[]}}})";

std::string denied(const std::string &cause, const std::string &message)
{
    return R"({"parameters":{"state":"denied","id":"0123456789abcdef","role":"web","cause":")" +
           cause + R"(","message":")" + message + R"("}})";
}

struct Run {
    Exit exit;
    std::string out, err, seen;
};

Run run(std::vector<Answer> answers, bool json = false, bool is_terminal = false, int stop_fd = -1)
{
    FakeJitd jitd{std::move(answers)};
    Command command;
    command.verb = Verb::request;
    command.role = "web";
    command.reason = "INC-1";
    command.duration = 30min;
    const Caught out, err;
    const Output output{out.stream(), err.stream(), json, is_terminal};
    const Exit exit = request(command, output, jitd.path(), stop_fd);
    return {exit, out.text(), err.text(), jitd.finish()};
}

bool has(const std::string &text, const std::string &part)
{
    if (text.find(part) != text.npos)
        return true;
    print_error("no \"%s\" in: %s\n", part.c_str(), text.c_str());
    return false;
}

void a_granted_request_shows_code_and_end(void **)
{
    const Run ran = run({{{pending, code, granted}}});
    assert_true(ran.exit == Exit::done);
    assert_true(ran.out.starts_with("granted: role web until 2099-03-17T10:11:05Z ("));
    assert_true(ran.out.ends_with("left); groups jit-web\n"));
    assert_text(ran.err, "role web on web01 for 30m\n"
                         "  open        https://microsoft.com/devicelogin\n"
                         "  enter code  ABCD-EFGH\n"
                         "  time left   15m\n");
    assert_true(has(ran.seen, R"("method":"io.jitd.Elevation.Request")"));
    assert_true(has(ran.seen, R"("more":true)"));
    assert_true(has(ran.seen, R"("reason":"INC-1")"));
    assert_true(has(ran.seen, R"("duration":1800)"));
}

void json_is_the_grant_and_the_code_stays_on_stderr(void **)
{
    const Run ran = run({{{pending, code, granted}}, {{record}}}, true);
    assert_true(ran.exit == Exit::done);
    assert_text(ran.out,
                "{\"id\": \"0123456789abcdef\", \"role\": \"web\", \"user\": \"alice\", "
                "\"oid\": \"o\", \"groups\": [\"jit-web\"], \"state\": \"live\", "
                "\"since\": \"2099-03-17T09:41:05Z\", \"until\": \"2099-03-17T10:11:05Z\", "
                "\"host\": \"web01\", \"approvers\": [], \"service\": null, \"reason\": null}\n");
    assert_true(has(ran.err, "ABCD-EFGH"));
}

void json_of_a_grant_whose_record_is_away_is_still_live(void **)
{
    const Run ran = run({{{granted}}}, true);
    assert_true(ran.exit == Exit::done);
    assert_true(has(ran.out, R"("state": "live")"));
    assert_true(has(ran.out, R"("until": "2099-03-17T10:11:05Z")"));
}

void each_cause_has_its_exit_code(void **)
{
    const struct {
        const char *cause;
        int exit;
    } table[] = {{"declined", 1},    {"refused", 1},        {"wrong-person", 1},
                 {"blocked", 1},     {"policy-changed", 1}, {"misconfigured", 2},
                 {"unreachable", 3}, {"not-trusted", 3},    {"broken", 3},
                 {"expired", 4},     {"timed-out", 4},      {"cancelled", 5},
                 {"failed", 70}};
    for (const auto &row : table) {
        const Run ran = run({{{pending, denied(row.cause, "because")}}});
        assert_int_equal(static_cast<int>(ran.exit), row.exit);
        assert_text(ran.out, "");
        assert_text(ran.err, "jitctl: because\n");
    }
}

void json_of_a_denial_has_state_cause_and_message(void **)
{
    const Run ran = run({{{pending, denied("expired", "too late")}}}, true);
    assert_int_equal(static_cast<int>(ran.exit), 4);
    assert_text(ran.out, "{\"id\": \"0123456789abcdef\", \"state\": \"timed-out\", "
                         "\"cause\": \"expired\", \"message\": \"too late\"}\n");
}

void each_error_has_its_exit_code(void **)
{
    const struct {
        const char *error;
        int exit;
    } table[] = {
        {"io.jitd.Elevation.NotPermitted", 6},  {"io.jitd.Elevation.NotFound", 7},
        {"io.jitd.Elevation.Misconfigured", 2}, {"io.jitd.Elevation.Refused", 1},
        {"io.jitd.Elevation.TooMany", 1},       {"io.jitd.Elevation.Unavailable", 3},
        {"io.jitd.Elevation.Other", 70},        {"org.varlink.service.MethodNotFound", 70}};
    for (const auto &row : table) {
        const std::string frame = std::string{R"({"error":")"} + row.error +
                                  R"(","parameters":{"message":"bob may not"}})";
        const Run ran = run({{{frame}}}, true);
        assert_int_equal(static_cast<int>(ran.exit), row.exit);
        assert_true(has(ran.out, "\"error\": "));
        assert_true(has(ran.err, row.exit == 70 ? row.error : "bob may not"));
    }
}

void a_stop_closes_the_connection_within_100_ms(void **)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FakeJitd jitd{{{{pending, code}, false}}};
    const pid_t stopper = fork();
    if (stopper == 0) {
        usleep(300'000);
        (void)!write(ends[1], "x", 1);
        _exit(0);
    }
    Command command;
    command.role = "web";
    const Caught out, err;
    const BootTime start = boot_time();
    const Exit exit =
        request(command, {out.stream(), err.stream(), true, false}, jitd.path(), ends[0]);
    const auto took = boot_time() - start;
    assert_int_equal(static_cast<int>(exit), 5);
    assert_true(took >= 200ms && took < 400ms);
    assert_true(has(err.text(), "jitctl: cancelled\n"));
    assert_true(has(out.text(), R"("state": "cancelled", "cause": "cancelled")"));
    assert_true(has(jitd.finish(), "<closed>"));
    waitpid(stopper, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
}

void a_reply_that_came_before_the_stop_is_not_lost(void **)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FakeJitd jitd{{{{pending, granted}, false}}};
    {
        Result<Client> client = Client::connect(jitd.path(), boot_time() + 1s);
        assert_true(client.has_value());
        assert_true(client->send("x.Y", nullptr, true, boot_time() + 1s).has_value());
        assert_true(client->wait(boot_time() + 1s)->woken == Client::Woken::reply);
        usleep(100'000); // the second frame is there
        (void)!write(ends[1], "x", 1);
        assert_true(client->wait(boot_time() + 1s, ends[0])->woken == Client::Woken::stopped);
        assert_true(client->wait(boot_time())->woken == Client::Woken::reply);
        assert_true(client->wait(boot_time())->woken == Client::Woken::deadline);
    }
    close(ends[0]);
    close(ends[1]);
}

void jitd_that_is_not_there_is_unreachable(void **)
{
    Command command;
    command.role = "web";
    const Caught out, err;
    const Output output{out.stream(), err.stream(), false, false};
    assert_int_equal(static_cast<int>(request(command, output, "/nonexistent/socket", -1)), 3);
    assert_true(has(err.text(), "jitd is not running"));
}

// So that root can revoke while somebody floods the socket for everybody.
void regress_root_asks_at_its_own_socket(void **)
{
    if (geteuid() != 0)
        return; // nobody else has it
    FakeJitd jitd{{{{granted}}}};
    const std::string own = jitd.path() + ".root";
    assert_int_equal(rename(jitd.path().c_str(), own.c_str()), 0);
    Command command;
    command.verb = Verb::request;
    command.role = "web";
    const Caught out, err;
    const Output output{out.stream(), err.stream(), false, false};
    assert_true(request(command, output, jitd.path(), -1) == Exit::done);
    assert_int_equal(unlink(own.c_str()), 0);
}

void jitd_that_hangs_up_is_unreachable(void **)
{
    assert_int_equal(static_cast<int>(run({{{}}}).exit), 3);
    assert_int_equal(static_cast<int>(run({{{pending, code}}}).exit), 3);
}

void jitd_that_says_nothing_is_unreachable_after_5_s(void **)
{
    const BootTime start = boot_time();
    const Run ran = run({{{}, false}});
    const auto took = boot_time() - start;
    assert_int_equal(static_cast<int>(ran.exit), 3);
    assert_true(took >= 4900ms && took < 5500ms);
    assert_true(has(ran.err, "jitd does not answer"));
}

void nonsense_from_jitd_is_our_fault(void **)
{
    for (const std::string frame :
         {"x", "[]", "{}", R"({"parameters":{"state":"granted"}})",
          R"({"parameters":{"state":"sure","id":"0123456789abcdef","role":"web"}})",
          R"({"parameters":{"state":"pending","id":"0123456789abcdef","role":"web"}})"}) {
        const Run ran = run({{{frame}}});
        assert_int_equal(static_cast<int>(ran.exit), 70);
        assert_text(ran.out, "");
    }
}

void what_jitd_says_cannot_steer_the_terminal(void **)
{
    const Run ran = run({{{pending, denied("refused", R"(\u001b[2Jno\u202e)")}}}, true);
    assert_text(ran.err, "jitctl: ?[2Jno?\n");
    assert_true(ran.out.find('\x1b') == ran.out.npos);
}

void a_terminal_sees_the_time_run_and_the_line_is_cleared(void **)
{
    const Run ran = run({{{code, granted}, true, 1300}}, false, true);
    assert_true(ran.exit == Exit::done);
    assert_true(has(ran.err, "waiting for the sign-in, 15m left"));
    assert_true(has(ran.err, "waiting for the sign-in, 14m59s left"));
    assert_true(ran.err.ends_with(" \r"));
    assert_true(ran.err.find('\x1b') == ran.err.npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_granted_request_shows_code_and_end),
        cmocka_unit_test(json_is_the_grant_and_the_code_stays_on_stderr),
        cmocka_unit_test(json_of_a_grant_whose_record_is_away_is_still_live),
        cmocka_unit_test(each_cause_has_its_exit_code),
        cmocka_unit_test(json_of_a_denial_has_state_cause_and_message),
        cmocka_unit_test(each_error_has_its_exit_code),
        cmocka_unit_test(a_stop_closes_the_connection_within_100_ms),
        cmocka_unit_test(a_reply_that_came_before_the_stop_is_not_lost),
        cmocka_unit_test(jitd_that_is_not_there_is_unreachable),
        cmocka_unit_test(regress_root_asks_at_its_own_socket),
        cmocka_unit_test(jitd_that_hangs_up_is_unreachable),
        cmocka_unit_test(jitd_that_says_nothing_is_unreachable_after_5_s),
        cmocka_unit_test(nonsense_from_jitd_is_our_fault),
        cmocka_unit_test(what_jitd_says_cannot_steer_the_terminal),
        cmocka_unit_test(a_terminal_sees_the_time_run_and_the_line_is_cleared),
    };
    return cmocka_run_group_tests_name("jitctl/request", tests, nullptr, nullptr);
}
