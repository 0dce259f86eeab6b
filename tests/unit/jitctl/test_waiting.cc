// A request that waits for the approval of others, as its requester sees it.
#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"
#include "tests/unit/jitctl/terminal.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

std::string reply(const char *state, const std::string &more, bool continues,
                  const char *id = "0123456789abcdef")
{
    return R"({"parameters":{"state":")" + std::string{state} + R"(","id":")" + id +
           R"(","role":"dba")" + more + "}" + (continues ? R"(,"continues":true})" : "}");
}

std::string waits(const char *message, bool continues = true)
{
    return reply("approval", R"(,"expires":900,"message":")" + std::string{message} + '"',
                 continues);
}

const std::string pending = reply("pending", "", true);
const std::string signed_in = waits("you are signed in, and 2 approvers must say yes");
const std::string one_has = waits("1 of 2 have approved it");
const std::string goes_on = waits("jitd is being started anew, and the request goes on", false);
const std::string granted =
    reply("granted", R"(,"until":"2099-03-17T10:11:05Z","groups":["jit-dba"])", false);
const std::string denied =
    reply("denied", R"(,"cause":"refused","message":"bob denied it: not today")", false);
const std::string nothing = R"({"parameters":{}})";

std::string record(const char *state)
{
    return R"({"parameters":{"request":{"id":"0123456789abcdef","role":"dba","user":"alice",)"
           R"("oid":"o","groups":["jit-dba"],"state":")" +
           std::string{state} +
           R"(","deadline":"2099-03-17T10:11:05Z","host":"db1","approvers":["o2"]}}})";
}
const std::string live_grant =
    R"({"parameters":{"grant":{"id":"0123456789abcdef","role":"dba","user":"alice","oid":"o",)"
    R"("groups":["jit-dba"],"state":"live","since":"2099-03-17T09:41:05Z",)"
    R"("until":"2099-03-17T10:11:05Z","host":"db1","approvers":["o2"]}}})";

Command ask_for_dba()
{
    Command command;
    command.verb = Verb::request;
    command.role = "dba";
    command.reason = "INC-1";
    return command;
}

struct Run {
    int exit;
    std::string out, err, seen;
};

Run run(std::vector<Answer> answers, bool json = false, int stop_fd = -1,
        decltype(&request) verb = &request)
{
    FakeJitd jitd{std::move(answers)};
    const Caught out, err;
    const Exit exit =
        verb(ask_for_dba(), {out.stream(), err.stream(), json, false}, jitd.path(), stop_fd, 60s);
    return {static_cast<int>(exit), out.text(), err.text(), jitd.finish()};
}

AtTerminal::Verb at(const FakeJitd &jitd)
{
    return [&jitd](const Output &output, int stop_fd) {
        return request(ask_for_dba(), output, jitd.path(), stop_fd);
    };
}

// A stop that comes after a while.
class Stopper
{
  public:
    explicit Stopper(unsigned after_ms)
    {
        assert_int_equal(pipe(ends_), 0);
        child_ = fork();
        if (child_ == 0) {
            usleep(after_ms * 1000);
            (void)!write(ends_[1], "x", 1);
            _exit(0);
        }
    }
    Stopper(const Stopper &) = delete;
    Stopper &operator=(const Stopper &) = delete;
    ~Stopper()
    {
        waitpid(child_, nullptr, 0);
        close(ends_[0]);
        close(ends_[1]);
    }
    int fd() const { return ends_[0]; }

  private:
    int ends_[2] = {-1, -1};
    pid_t child_ = -1;
};

void each_approval_is_said_and_the_grant_ends_it(void **)
{
    const Run ran = run({{{pending, signed_in, one_has, one_has, granted}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.err, "you are signed in, and 2 approvers must say yes\n"
                         "1 of 2 have approved it\n");
    assert_true(ran.out.starts_with("granted: role dba until 2099-03-17T10:11:05Z"));
    assert_int_equal(run({{{pending, signed_in, denied}}}).exit, 1);
}

void extend_waits_for_others_in_the_same_way(void **)
{
    const Run ran = run({{{pending, signed_in, granted}}}, false, -1, &extend);
    assert_int_equal(ran.exit, 0);
    assert_text(ran.err, "you are signed in, and 2 approvers must say yes\n");
    assert_true(contains(ran.seen, "io.jitd.Elevation.Extend"));
}

void a_terminal_sees_how_long_others_still_have(void **)
{
    FakeJitd jitd{{{{pending, signed_in, granted}, true, 1200}}};
    AtTerminal terminal{at(jitd)};
    assert_true(terminal.shows("waiting for approval, 15m left"));
    assert_true(terminal.shows("waiting for approval, 14m59s left"));
    assert_int_equal(terminal.finish(), 0);
}

void without_a_terminal_a_stop_cancels(void **)
{
    const Stopper stopper{300};
    const Run ran = run({{{pending, signed_in}, false}}, true, stopper.fd());
    assert_int_equal(ran.exit, 5);
    assert_true(contains(ran.out, R"("state": "cancelled", "cause": "cancelled")"));
    assert_true(contains(ran.seen, "<closed>"));
    assert_true(ran.seen.find("Leave") == ran.seen.npos);
}

void ctrl_c_asks_and_no_cancels(void **)
{
    for (const char *keys : {"\n", "n\n", "no\n", "x\n", "\x03", "\x04"}) {
        FakeJitd jitd{{{{pending, signed_in}, false}}};
        AtTerminal terminal{at(jitd)};
        assert_true(terminal.shows("waiting for approval"));
        terminal.type("\x03");
        assert_true(terminal.shows("Leave it waiting, and come back later? [y/N] "));
        terminal.type(keys);
        assert_int_equal(terminal.finish(), 5);
        assert_true(terminal.shows("jitctl: cancelled"));
        assert_true(contains(jitd.finish(), "<closed>"));
    }
}

void ctrl_c_asks_and_yes_leaves_it_waiting(void **)
{
    for (const bool json : {false, true}) {
        FakeJitd jitd{{{{pending, signed_in}, false, 0, true}, {{nothing}}}};
        AtTerminal terminal{at(jitd), json};
        assert_true(terminal.shows("waiting for approval"));
        terminal.type("\x03");
        assert_true(terminal.shows("[y/N] "));
        terminal.type("y\n");
        assert_int_equal(terminal.finish(), 0);
        assert_true(terminal.shows("run the same command again here"));
        assert_true(terminal.shows("jitctl status 0123456789abcdef"));
        assert_text(terminal.out(), json ? "{\"id\": \"0123456789abcdef\", \"role\": \"dba\", "
                                           "\"state\": \"pending-approval\"}\n"
                                         : "");
        const std::string seen = jitd.finish();
        assert_true(contains(
            seen,
            R"({"parameters":{"id":"0123456789abcdef"},"method":"io.jitd.Elevation.Leave"})"));
        assert_true(contains(seen, "<closed>"));
    }
}

// Enter was meant for something else.
void what_was_typed_before_the_question_does_not_answer_it(void **)
{
    FakeJitd jitd{{{{pending, signed_in}, false, 0, true}, {{nothing}}}};
    AtTerminal terminal{at(jitd)};
    assert_true(terminal.shows("waiting for approval"));
    terminal.type("n\n");
    usleep(100'000);
    terminal.type("\x03");
    assert_true(terminal.shows("[y/N] "));
    terminal.type("y\n");
    assert_int_equal(terminal.finish(), 0);
}

void a_grant_that_comes_while_it_asks_wins(void **)
{
    FakeJitd jitd{{{{pending, signed_in, one_has, granted}, true, 700}}};
    AtTerminal terminal{at(jitd)};
    assert_true(terminal.shows("waiting for approval"));
    terminal.type("\x03");
    assert_true(terminal.shows("[y/N] "));
    assert_true(terminal.shows("1 of 2 have approved it"));
    assert_true(terminal.shows("[y/N] "));
    assert_int_equal(terminal.finish(), 0);
    assert_true(contains(terminal.out(), "granted: role dba"));
}

void a_denial_that_comes_while_it_asks_is_said(void **)
{
    FakeJitd jitd{{{{pending, signed_in, denied}, true, 700}}};
    AtTerminal terminal{at(jitd), true};
    assert_true(terminal.shows("waiting for approval"));
    terminal.type("\x03");
    assert_true(terminal.shows("[y/N] "));
    assert_int_equal(terminal.finish(), 1);
    assert_true(terminal.shows("bob denied it: not today"));
    assert_true(contains(terminal.out(), R"("state": "denied")"));
}

void what_cannot_be_left_is_waited_for(void **)
{
    FakeJitd jitd{
        {{{pending, signed_in, one_has, granted}, true, 900, true},
         {{R"({"error":"io.jitd.Elevation.NotFound","parameters":{"message":"no such id"}})"}}}};
    AtTerminal terminal{at(jitd), true};
    assert_true(terminal.shows("waiting for approval"));
    terminal.type("\x03");
    assert_true(terminal.shows("[y/N] "));
    terminal.type("y\n");
    assert_true(terminal.shows("jitctl: no such id"));
    assert_true(terminal.shows("1 of 2 have approved it"));
    assert_int_equal(terminal.finish(), 0);
    const std::string out = terminal.out();
    assert_true(out.starts_with("{") && out.find('\n') == out.size() - 1);
    assert_true(contains(out, R"("state": "live")"));
}

void sigterm_asks_nobody(void **)
{
    FakeJitd jitd{{{{pending, signed_in}, false}}};
    AtTerminal terminal{at(jitd)};
    assert_true(terminal.shows("waiting for approval"));
    kill(terminal.pid(), SIGTERM);
    assert_int_equal(terminal.finish(), 5);
    assert_true(terminal.screen().find("[y/N]") == std::string::npos);
}

void ctrl_c_before_the_sign_in_asks_nothing(void **)
{
    FakeJitd jitd{{{{pending}, false}}};
    AtTerminal terminal{at(jitd)};
    assert_true(terminal.shows("asking the identity provider"));
    terminal.type("\x03");
    assert_int_equal(terminal.finish(), 5);
    assert_true(terminal.screen().find("[y/N]") == std::string::npos);
}

void a_jitd_that_is_started_anew_is_asked_again(void **)
{
    const Run ran = run({{{pending, signed_in, goes_on}},
                         {{R"({"error":"io.jitd.Elevation.Unavailable",)"
                           R"("parameters":{"message":"starting"}})"}},
                         {{record("pending-approval")}},
                         {{pending, one_has, granted}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.err, "you are signed in, and 2 approvers must say yes\n"
                         "jitd is being started anew, and the request goes on\n"
                         "1 of 2 have approved it\n");
    const std::string again = ran.seen.substr(ran.seen.rfind("}{"));
    assert_true(contains(again, "io.jitd.Elevation.Request"));
    assert_true(contains(again, R"("role":"dba","reason":"INC-1")"));
    assert_true(contains(ran.seen, R"("method":"io.jitd.Elevation.List")"));
}

void a_connection_that_is_lost_while_others_are_waited_for_is_made_again(void **)
{
    const Run ran = run({{{pending, signed_in}},
                         {{record("pending-approval")}},
                         {{pending, signed_in}},
                         {{live_grant}}});
    assert_int_equal(ran.exit, 0);
    assert_true(contains(ran.err, "the connection to jitd was lost, and the request goes on\n"));
    assert_true(ran.out.starts_with("granted: role dba until 2099-03-17T10:11:05Z"));
}

// A new request for what was refused a moment ago would be one that nobody asked for.
void what_ended_meanwhile_is_not_asked_for_again(void **)
{
    const struct {
        const char *state;
        int exit;
    } table[] = {{"denied", 1}, {"timed-out", 4}, {"cancelled", 5}};
    for (const auto &row : table) {
        const Run ran = run({{{pending, signed_in, goes_on}}, {{record(row.state)}}}, true);
        assert_int_equal(ran.exit, row.exit);
        assert_true(contains(ran.err, std::string{"it ended meanwhile ("} + row.state + ")"));
        assert_true(contains(ran.out, R"("approvers": ["o2"])"));
    }
    const Run gone = run({{{pending, signed_in, goes_on}},
                          {{R"({"error":"io.jitd.Elevation.NotFound",)"
                            R"("parameters":{"message":"no such id"}})"}}});
    assert_int_equal(gone.exit, 7);
}

void a_jitd_that_stays_away_is_unreachable_and_what_to_do_is_said(void **)
{
    for (const bool is_request : {true, false}) {
        FakeJitd jitd{{{{pending, signed_in, goes_on}}}};
        const Caught out, err;
        const Output output{out.stream(), err.stream(), true, false};
        const Exit exit = (is_request ? request : extend)(ask_for_dba(), output, jitd.path(), -1,
                                                          std::chrono::seconds{2});
        assert_int_equal(static_cast<int>(exit), 3);
        assert_true(contains(err.text(), "jitctl: jitd does not come back\n"));
        assert_true(contains(err.text(), "run the same command again here, or look at it: jitctl "
                                         "status 0123456789abcdef\n"));
        assert_true(contains(out.text(), R"({"error": "Unavailable", )"));
    }
}

void a_stop_while_jitd_is_away_withdraws_the_request(void **)
{
    const Stopper stopper{300};
    const Run ran = run({{{pending, signed_in, goes_on}}, {{nothing}}}, true, stopper.fd());
    assert_int_equal(ran.exit, 5);
    assert_true(contains(ran.seen, R"("method":"io.jitd.Elevation.Cancel")"));
    assert_true(contains(ran.out, R"("state": "cancelled")"));
}

void a_stop_that_reaches_no_jitd_says_that_it_may_go_on(void **)
{
    const Stopper stopper{300};
    const Run ran = run({{{pending, signed_in, goes_on}}}, false, stopper.fd());
    assert_int_equal(ran.exit, 3);
    assert_true(contains(ran.err, "jitctl status 0123456789abcdef"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_approval_is_said_and_the_grant_ends_it),
        cmocka_unit_test(extend_waits_for_others_in_the_same_way),
        cmocka_unit_test(a_terminal_sees_how_long_others_still_have),
        cmocka_unit_test(without_a_terminal_a_stop_cancels),
        cmocka_unit_test(ctrl_c_asks_and_no_cancels),
        cmocka_unit_test(ctrl_c_asks_and_yes_leaves_it_waiting),
        cmocka_unit_test(what_was_typed_before_the_question_does_not_answer_it),
        cmocka_unit_test(a_grant_that_comes_while_it_asks_wins),
        cmocka_unit_test(a_denial_that_comes_while_it_asks_is_said),
        cmocka_unit_test(what_cannot_be_left_is_waited_for),
        cmocka_unit_test(sigterm_asks_nobody),
        cmocka_unit_test(ctrl_c_before_the_sign_in_asks_nothing),
        cmocka_unit_test(a_jitd_that_is_started_anew_is_asked_again),
        cmocka_unit_test(a_connection_that_is_lost_while_others_are_waited_for_is_made_again),
        cmocka_unit_test(what_ended_meanwhile_is_not_asked_for_again),
        cmocka_unit_test(a_jitd_that_stays_away_is_unreachable_and_what_to_do_is_said),
        cmocka_unit_test(a_stop_while_jitd_is_away_withdraws_the_request),
        cmocka_unit_test(a_stop_that_reaches_no_jitd_says_that_it_may_go_on),
    };
    return cmocka_run_group_tests_name("jitctl/waiting", tests, nullptr, nullptr);
}
