// `jitctl pending`, `approve` and `deny`: somebody else's request.
#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/pending.h"
#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"
#include "tests/unit/jitctl/terminal.h"

using namespace jit;
using namespace jit::ctl;

namespace {

std::string request_of(const char *id, const std::string &more, bool continues = false,
                       const std::string &next = "")
{
    return R"({"parameters":{"request":{"id":")" + std::string{id} +
           R"(","role":"dba","description":"psql as postgres","user":"alice","host":"db1",)"
           R"("duration":1800,"deadline":"2026-03-17T09:56:05Z","approvers":["o2"],"needed":2)" +
           more + "}" + (next.empty() ? "" : R"(,"next":")" + next + '"') + "}" +
           (continues ? R"(,"continues":true})" : "}");
}

const std::string waiting =
    request_of("0123456789abcdef", R"(,"service":"sudo","command":"/usr/bin/psql -l",)"
                                   R"("tty":"/dev/pts/3","rhost":"10.0.0.7","reason":"INC-1")");
const std::string nothing = R"({"parameters":{}})";

std::string reply(const char *state, const std::string &more, bool continues = false)
{
    return R"({"parameters":{"state":")" + std::string{state} +
           R"(","id":"0123456789abcdef","role":"dba")" + more + "}" +
           (continues ? R"(,"continues":true})" : "}");
}

std::string code(const char *text, const std::string &more = "")
{
    return reply("code",
                 R"(,"host":"db1","uri":"https://microsoft.com/devicelogin","code":")" +
                     std::string{text} + R"(","expires":900)" + more,
                 true);
}

const std::string approved = reply("approved", R"(,"message":"1 of 2 have approved it")");
const std::string said_no = reply("denied", "");
const std::string stranger =
    reply("denied", R"(,"cause":"wrong-person","message":"somebody else signed in")");

struct Run {
    int exit;
    std::string out, err, seen;
};

using Verb = decltype(&approve);

Command answer(bool yes, const char *reason = nullptr)
{
    Command command;
    command.id = "0123456789abcdef";
    command.yes = yes;
    if (reason != nullptr)
        command.reason = reason;
    return command;
}

Run run(Verb verb, const Command &command, std::vector<Answer> answers, bool json = false,
        int stop_fd = -1)
{
    FakeJitd jitd{std::move(answers)};
    const Caught out, err;
    const Exit exit =
        verb(command, {out.stream(), err.stream(), json, false}, jitd.path(), stop_fd);
    return {static_cast<int>(exit), out.text(), err.text(), jitd.finish()};
}

AtTerminal::Verb at(Verb verb, const Command &command, const FakeJitd &jitd)
{
    return [=, &jitd](const Output &output, int stop_fd) {
        return verb(command, output, jitd.path(), stop_fd);
    };
}

Run run_pending(std::vector<Answer> answers, bool json = false)
{
    FakeJitd jitd{std::move(answers)};
    const Caught out, err;
    Command command;
    command.json = json;
    const Exit exit = pending(command, {out.stream(), err.stream(), json, false}, jitd.path());
    return {static_cast<int>(exit), out.text(), err.text(), jitd.finish()};
}

void pending_is_a_table_of_what_waits(void **)
{
    const std::string longer = request_of(
        "00000000000000a2", R"(,"person":"bob","extends":"00000000000000a1","reason":"\u001b[2J")");
    const Run ran = run_pending({{{request_of("00000000000000a0", "", true),
                                   request_of("00000000000000a1", "", true), longer}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "ID                ROLE  USER         FOR         DEADLINE              "
                         "LEFT  APPROVED  REASON\n"
                         "00000000000000a0  dba   alice        30m         2026-03-17T09:56:05Z  "
                         "over  1 of 2    -\n"
                         "00000000000000a1  dba   alice        30m         2026-03-17T09:56:05Z  "
                         "over  1 of 2    -\n"
                         "00000000000000a2  dba   alice (bob)  30m longer  2026-03-17T09:56:05Z  "
                         "over  1 of 2    ?[2J\n");
    assert_text(ran.err, "");
    assert_true(contains(ran.seen,
                         R"({"parameters":{},"method":"io.jitd.Elevation.Pending","more":true})"));
}

void pending_of_nothing_says_so_on_stderr_and_is_done(void **)
{
    const Run ran = run_pending({{{nothing}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "");
    assert_text(ran.err, "nothing waits for your approval\n");
    assert_text(run_pending({{{nothing}}}, true).out, "{\"requests\": []}\n");
}

void pending_in_json_has_each_record_whole(void **)
{
    const Run ran = run_pending({{{waiting}}}, true);
    assert_text(ran.out,
                "{\"requests\": [{\"id\": \"0123456789abcdef\", \"role\": \"dba\", "
                "\"description\": \"psql as postgres\", \"user\": \"alice\", \"host\": \"db1\", "
                "\"service\": \"sudo\", \"tty\": \"/dev/pts/3\", \"rhost\": \"10.0.0.7\", "
                "\"command\": \"/usr/bin/psql -l\", \"duration\": 1800, \"reason\": \"INC-1\", "
                "\"deadline\": \"2026-03-17T09:56:05Z\", \"approvers\": [\"o2\"], "
                "\"needed\": 2}]}\n");
}

// The fake says all at once, and the second page answers the second call.
void the_pages_of_what_waits_are_one_list(void **)
{
    const Run ran = run_pending({{{request_of("00000000000000a0", "", false, "00000000000000a0"),
                                   request_of("00000000000000a1", "")},
                                  false}},
                                true);
    assert_int_equal(ran.exit, 0);
    assert_true(contains(ran.out, R"("id": "00000000000000a0")"));
    assert_true(contains(ran.out, R"("id": "00000000000000a1")"));
    assert_true(contains(ran.seen, R"({"parameters":{"after":"00000000000000a0"})"));
}

void a_page_of_what_waits_that_does_not_go_on_is_our_fault(void **)
{
    const Run ran = run_pending({{{request_of("00000000000000a0", "", false, "00000000000000a0"),
                                   request_of("00000000000000a1", "", false, "00000000000000a0")},
                                  false}});
    assert_int_equal(ran.exit, 70);
    assert_text(ran.out, "");
}

void approve_shows_all_and_then_the_code(void **)
{
    const Run ran = run(approve, answer(true), {{{waiting}}, {{code("ABCD-EFGH"), approved}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.err,
                "request 0123456789abcdef waits for approval\n"
                "  host        db1\n"
                "  requester   alice\n"
                "  role        dba: psql as postgres\n"
                "  service     sudo\n"
                "  command     /usr/bin/psql -l\n"
                "  terminal    /dev/pts/3\n"
                "  address     10.0.0.7\n"
                "  duration    30m\n"
                "  reason      INC-1\n"
                "  deadline    2026-03-17T09:56:05Z (over)\n"
                "  approved    1 of 2 have approved it\n"
                "the page below is for approving somebody else's request: alice's, for role dba\n"
                "nobody else should have sent you this code; enter no code that you were sent\n"
                "role dba on db1\n"
                "  open        https://microsoft.com/devicelogin\n"
                "  enter code  ABCD-EFGH\n"
                "  time left   15m\n");
    assert_text(ran.out, "1 of 2 have approved it\n");
    assert_true(contains(ran.seen, R"({"parameters":{"id":"0123456789abcdef"},)"
                                   R"("method":"io.jitd.Elevation.Pending","more":true})"));
    assert_true(contains(ran.seen, R"("method":"io.jitd.Elevation.Approve","more":true)"));
}

void approve_in_json_is_the_last_reply(void **)
{
    const Run ran =
        run(approve, answer(true), {{{waiting}}, {{code("ABCD-EFGH"), approved}}}, true);
    assert_text(ran.out, "{\"id\": \"0123456789abcdef\", \"role\": \"dba\", \"state\": "
                         "\"approved\", \"message\": \"1 of 2 have approved it\"}\n");
    assert_true(contains(ran.err, "ABCD-EFGH"));
    const Run denied = run(approve, answer(true), {{{waiting}}, {{code("A"), stranger}}}, true);
    assert_text(denied.out, "{\"id\": \"0123456789abcdef\", \"role\": \"dba\", \"state\": "
                            "\"denied\", \"cause\": \"wrong-person\", \"message\": \"somebody "
                            "else signed in\"}\n");
}

void a_code_that_ran_out_is_followed_by_a_new_one(void **)
{
    const Run ran = run(approve, answer(true),
                        {{{waiting}},
                         {{code("AAAA"), code("BBBB"),
                           code("CCCC", R"(,"message":"sign in once more")"), approved}}});
    assert_int_equal(ran.exit, 0);
    const std::size_t first = ran.err.find("AAAA"), second = ran.err.find("BBBB");
    const std::size_t new_one = ran.err.find("the code from before has run out");
    assert_true(first < new_one && new_one < second && second != ran.err.npos);
    assert_true(ran.err.find("has run out", second) == ran.err.npos);
    assert_true(contains(ran.err.substr(second), "sign in once more\n"));
}

void approve_exits_by_the_cause_of_a_denial(void **)
{
    const struct {
        const char *cause;
        int exit;
    } table[] = {{"wrong-person", 1}, {"refused", 1},   {"misconfigured", 2}, {"unreachable", 3},
                 {"expired", 4},      {"timed-out", 4}, {"cancelled", 5},     {"failed", 70}};
    for (const Verb verb : {approve, deny})
        for (const auto &row : table) {
            const std::string last =
                reply("denied", R"(,"message":"because","cause":")" + std::string{row.cause} + '"');
            const Run ran = run(verb, answer(true, "no"), {{{waiting}}, {{code("A"), last}}});
            assert_int_equal(ran.exit, row.exit);
            assert_true(ran.err.ends_with("jitctl: because\n"));
            assert_text(ran.out, "");
        }
    // Without a cause it is somebody's own no, and he wanted to say yes.
    assert_int_equal(run(approve, answer(true), {{{waiting}}, {{said_no}}}).exit, 1);
}

void only_the_whole_word_yes_is_one(void **)
{
    for (const char *keys :
         {"y\n", "\n", "YES\n", "yes!\n", "yes please\n", "no\n", "\x03", "\x04"}) {
        FakeJitd jitd{{{{waiting}}}};
        AtTerminal terminal{at(approve, answer(false), jitd), true};
        assert_true(terminal.shows("Approve this? Type yes: "));
        terminal.type(keys);
        assert_int_equal(terminal.finish(), 5);
        assert_true(terminal.shows("nothing was said of the request, which goes on waiting"));
        assert_true(contains(terminal.out(), R"("state": "cancelled", "cause": "cancelled")"));
        assert_true(jitd.finish().find("Approve") == std::string::npos);
    }
}

void yes_comes_before_the_code(void **)
{
    FakeJitd jitd{{{{waiting}}, {{code("ABCD-EFGH"), approved}, true, 300}}};
    AtTerminal terminal{at(approve, answer(false), jitd)};
    assert_true(terminal.shows("alice"));
    assert_true(terminal.shows("Approve this? Type yes: "));
    terminal.type("yes\n");
    assert_true(terminal.shows("nobody else should have sent you this code"));
    assert_true(terminal.shows("ABCD-EFGH"));
    assert_true(terminal.shows("waiting for your sign-in, 15m left"));
    assert_int_equal(terminal.finish(), 0);
    assert_text(terminal.out(), "1 of 2 have approved it\n");
    assert_true(contains(jitd.finish(), R"("tty":"/dev/pts/)"));
}

// What was typed before the request could be read.
void a_yes_that_was_typed_ahead_is_none(void **)
{
    FakeJitd jitd{{{{waiting}, true, 500}}};
    AtTerminal terminal{at(approve, answer(false), jitd)};
    terminal.type("yes\n");
    assert_true(terminal.shows("Approve this? Type yes: "));
    terminal.type("no\n");
    assert_int_equal(terminal.finish(), 5);
}

void without_a_terminal_a_yes_must_be_given(void **)
{
    const Run ran = run(approve, answer(false), {{{waiting}}}, true);
    assert_int_equal(ran.exit, 2);
    assert_true(contains(ran.err, "  requester   alice\n"));
    assert_true(contains(ran.err, "--yes"));
    assert_true(contains(ran.out, R"({"error": "NoTerminal", "message": )"));
    assert_true(ran.seen.find("Approve") == ran.seen.npos);
}

void a_stop_ends_the_sign_in_and_says_nothing_of_the_request(void **)
{
    for (const Verb verb : {approve, deny}) {
        FakeJitd jitd{{{{waiting}}, {{code("ABCD-EFGH")}, false}}};
        AtTerminal terminal{at(verb, answer(true, "no"), jitd)};
        assert_true(terminal.shows("waiting for your sign-in"));
        terminal.type("\x03");
        assert_int_equal(terminal.finish(), 5);
        assert_true(terminal.shows("which goes on waiting"));
        assert_true(contains(jitd.finish(), "<closed>"));
    }
}

void what_does_not_wait_for_the_caller_is_not_found(void **)
{
    for (const Verb verb : {approve, deny}) {
        for (const std::string &frame : {nothing, request_of("00000000000000a1", "")}) {
            const Run ran = run(verb, answer(true, "no"), {{{frame}}}, true);
            assert_int_equal(ran.exit, 7);
            assert_true(contains(ran.err, "jitctl pending"));
            assert_true(contains(ran.out, R"("error": "NotFound")"));
        }
        const Run refused = run(
            verb, answer(true, "no"),
            {{{R"({"error":"io.jitd.Elevation.NotPermitted","parameters":{"message":"no"}})"}}});
        assert_int_equal(refused.exit, 6);
        const Run late = run(
            verb, answer(true, "no"),
            {{{waiting}},
             {{R"({"error":"io.jitd.Elevation.NotFound","parameters":{"message":"it ended"}})"}}});
        assert_int_equal(late.exit, 7);
        assert_true(contains(late.err, "jitctl: it ended\n"));
    }
}

void a_connection_that_ends_early_is_no_answer(void **)
{
    const Run ran = run(approve, answer(true), {{{waiting}}, {{code("A")}}});
    assert_int_equal(ran.exit, 3);
    assert_true(contains(ran.err, "jitctl: jitd closed the connection\n"));
    // A state that an answer never has, and one that is not this verb's.
    const std::string granted =
        reply("granted", R"(,"until":"2099-03-17T10:11:05Z","groups":["jit-dba"])");
    assert_int_equal(run(approve, answer(true), {{{waiting}}, {{granted}}}).exit, 70);
    assert_int_equal(run(deny, answer(false, "no"), {{{waiting}}, {{approved}}}).exit, 70);
    const Run unfinished =
        run(approve, answer(true),
            {{{waiting}},
             {{reply("code",
                     R"(,"uri":"https://microsoft.com/devicelogin","code":"A","expires":9)")}}});
    assert_int_equal(unfinished.exit, 70);
}

void deny_says_why_and_wants_no_yes(void **)
{
    const Run ran =
        run(deny, answer(false, "not today"), {{{waiting}}, {{code("ABCD-EFGH"), said_no}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "denied: 0123456789abcdef\n");
    assert_true(contains(ran.err, "  requester   alice\n"));
    assert_true(contains(ran.err, "the page below is for denying somebody else's request"));
    assert_true(contains(ran.seen, R"("method":"io.jitd.Elevation.Deny","more":true)"));
    assert_true(contains(ran.seen, R"("reason":"not today")"));
    const Run json = run(deny, answer(false, "no"), {{{waiting}}, {{code("A"), said_no}}}, true);
    assert_text(json.out,
                "{\"id\": \"0123456789abcdef\", \"role\": \"dba\", \"state\": \"denied\"}\n");
}

void a_denial_without_a_reason_asks_for_one(void **)
{
    const Run ran = run(deny, answer(false), {{{waiting}}}, true);
    assert_int_equal(ran.exit, 2);
    assert_true(contains(ran.err, "--reason"));
    FakeJitd jitd{{{{waiting}}, {{code("A"), said_no}}}};
    AtTerminal terminal{at(deny, answer(false), jitd)};
    assert_true(terminal.shows("1 of 2 have approved it"));
    assert_true(terminal.shows("your reason: "));
    terminal.type("\n");
    assert_true(terminal.shows("your reason: "));
    terminal.type(" not today \n");
    assert_int_equal(terminal.finish(), 0);
    assert_true(contains(jitd.finish(), R"("reason":"not today")"));
    FakeJitd other{{{{waiting}}}};
    AtTerminal nobody{at(deny, answer(false), other)};
    assert_true(nobody.shows("your reason: "));
    nobody.type("\x03");
    assert_int_equal(nobody.finish(), 5);
}

// What the requester typed must not look like what jitd says.
void a_reason_cannot_fake_a_line_or_steer_the_terminal(void **)
{
    ipc::PendingRecord request;
    request.id = "0123456789abcdef";
    request.role = "dba";
    request.user = "alice";
    request.host = "db1";
    request.duration = std::chrono::minutes{30};
    request.reason = "fix\n  approved    2 of 2\x1b[2J" + std::string(100, ' ') +
                     "  approved    2 of 2 have approved it " + std::string(70, 'x') +
                     "\u4e00\u4e00";
    std::string shown;
    for (const std::string &line : format_pending(request, WallTime{}, 64)) {
        assert_true(line.size() <= 14 + 64);
        assert_true(line.find_first_of("\n\x1b") == line.npos);
        assert_true(line.starts_with("request ") || line.starts_with("  "));
        if (line.starts_with("  approved"))
            shown += line;
    }
    assert_text(shown, "  approved    0 of 1 have approved it");
}

void more_time_is_said_to_be_that(void **)
{
    const std::string longer =
        request_of("0123456789abcdef", R"(,"person":"bob","extends":"00000000000000a1")");
    const Run ran = run(approve, answer(true), {{{longer}}, {{approved}}});
    assert_true(contains(ran.err, "  requester   alice (bob)\n"));
    assert_true(contains(ran.err, "  duration    30m longer, on grant 00000000000000a1\n"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pending_is_a_table_of_what_waits),
        cmocka_unit_test(pending_of_nothing_says_so_on_stderr_and_is_done),
        cmocka_unit_test(pending_in_json_has_each_record_whole),
        cmocka_unit_test(a_page_of_what_waits_that_does_not_go_on_is_our_fault),
        cmocka_unit_test(the_pages_of_what_waits_are_one_list),
        cmocka_unit_test(approve_shows_all_and_then_the_code),
        cmocka_unit_test(approve_in_json_is_the_last_reply),
        cmocka_unit_test(a_code_that_ran_out_is_followed_by_a_new_one),
        cmocka_unit_test(approve_exits_by_the_cause_of_a_denial),
        cmocka_unit_test(only_the_whole_word_yes_is_one),
        cmocka_unit_test(yes_comes_before_the_code),
        cmocka_unit_test(a_yes_that_was_typed_ahead_is_none),
        cmocka_unit_test(without_a_terminal_a_yes_must_be_given),
        cmocka_unit_test(a_stop_ends_the_sign_in_and_says_nothing_of_the_request),
        cmocka_unit_test(what_does_not_wait_for_the_caller_is_not_found),
        cmocka_unit_test(a_connection_that_ends_early_is_no_answer),
        cmocka_unit_test(deny_says_why_and_wants_no_yes),
        cmocka_unit_test(a_denial_without_a_reason_asks_for_one),
        cmocka_unit_test(a_reason_cannot_fake_a_line_or_steer_the_terminal),
        cmocka_unit_test(more_time_is_said_to_be_that),
    };
    return cmocka_run_group_tests_name("jitctl/approve", tests, nullptr, nullptr);
}
