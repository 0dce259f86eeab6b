#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"

using namespace jit;
using namespace jit::ctl;

namespace {

std::string members(const char *id, const char *state)
{
    return std::string{R"("id":")"} + id + R"(","role":"web","user":"alice","oid":"",)" +
           R"("groups":["jit-web"],"state":")" + state + R"(","host":"web01","approvers":[])";
}

std::string grant(const char *id, const char *state, bool continues)
{
    return R"({"parameters":{"grant":{)" + members(id, state) +
           R"(,"since":"2026-03-17T09:41:05Z","until":"2026-03-17T10:11:05Z"}},"continues":)" +
           (continues ? "true}" : "false}");
}

std::string waiting(const char *id, bool continues)
{
    return R"({"parameters":{"request":{)" + members(id, "pending-signin") +
           R"(,"deadline":"2026-03-17T09:56:05Z"}},"continues":)" +
           (continues ? "true}" : "false}");
}

const std::string nothing = R"({"parameters":{}})";

struct Run {
    int exit;
    std::string out, err, seen;
};

using Function = Exit (*)(const Command &, const Output &, const std::string &);

Run run(Function verb, const Command &command, const std::vector<std::string> &frames)
{
    FakeJitd jitd{{{frames}}};
    const Caught out, err;
    const Exit exit = verb(command, {out.stream(), err.stream(), command.json, false}, jitd.path());
    return {static_cast<int>(exit), out.text(), err.text(), jitd.finish()};
}

bool has(const std::string &text, const std::string &part)
{
    if (text.find(part) != text.npos)
        return true;
    print_error("no \"%s\" in: %s\n", part.c_str(), text.c_str());
    return false;
}

void status_with_nothing_says_so_and_is_done(void **)
{
    const Run ran = run(status, {}, {nothing});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "nothing live, nothing pending\n");
    Command json;
    json.json = true;
    assert_text(run(status, json, {nothing}).out, "{\"grants\": [], \"requests\": []}\n");
}

void status_of_an_id_that_is_not_there_is_not_found(void **)
{
    Command command;
    command.id = "0123456789abcdef";
    const Run ran = run(status, command, {nothing});
    assert_int_equal(ran.exit, 7);
    assert_text(ran.out, "");
    assert_true(has(ran.seen, R"("id":"0123456789abcdef")"));
    const Run refused =
        run(status, command,
            {R"({"error":"io.jitd.Elevation.NotFound","parameters":{"message":"no such id"}})"});
    assert_int_equal(refused.exit, 7);
    assert_text(refused.err, "jitctl: no such id\n");
}

void status_shows_grants_and_requests_apart(void **)
{
    const Run ran = run(
        status, {}, {waiting("00000000000000a2", true), grant("00000000000000a1", "live", false)});
    assert_int_equal(ran.exit, 0);
    assert_text(
        ran.out,
        "ID                STATE  ROLE  USER   GROUPS   UNTIL                 LEFT\n"
        "00000000000000a1  live   web   alice  jit-web  2026-03-17T10:11:05Z  over\n"
        "\n"
        "ID                STATE           ROLE  USER   GROUPS   DEADLINE              LEFT\n"
        "00000000000000a2  pending-signin  web   alice  jit-web  2026-03-17T09:56:05Z  over\n");
}

void what_waits_for_others_has_who_said_yes_so_far(void **)
{
    const auto approving = [](const char *id, const char *approvers, bool continues) {
        std::string frame = waiting(id, continues);
        frame.replace(frame.find("pending-signin"), 14, "pending-approval");
        return frame.replace(frame.find("[]"), 2, approvers);
    };
    for (const Function verb : {status, list}) {
        const Run ran =
            run(verb, {},
                {approving("00000000000000a1", R"(["o1\u001b","o2"])", true),
                 approving("00000000000000a2", "[]", true), waiting("00000000000000a3", false)});
        assert_int_equal(ran.exit, 0);
        assert_true(has(ran.out, "00000000000000a1  pending-approval  web "));
        assert_true(has(ran.out, "\n00000000000000a1: approved so far by o1?,o2\n"));
        assert_true(ran.out.ends_with("\n00000000000000a2: approved so far by nobody\n"));
    }
}

void list_keeps_the_order_and_asks_for_ended_ones_only_with_all(void **)
{
    Command command;
    const std::vector<std::string> frames{waiting("00000000000000a2", true),
                                          grant("00000000000000a1", "ended", false)};
    const Run own = run(list, command, frames);
    assert_text(own.out,
                "ID                STATE           ROLE  USER   GROUPS   SINCE                 "
                "UNTIL                 REASON\n"
                "00000000000000a2  pending-signin  web   alice  jit-web  -                     "
                "2026-03-17T09:56:05Z  -\n"
                "00000000000000a1  ended           web   alice  jit-web  2026-03-17T09:41:05Z  "
                "2026-03-17T10:11:05Z  -\n");
    assert_false(own.seen.find("ended") != own.seen.npos);
    command.all = true;
    command.json = true;
    const Run all = run(list, command, frames);
    assert_true(has(all.seen, R"("all":true)"));
    assert_true(has(all.seen, R"("ended":true)"));
    assert_true(all.out.starts_with(R"({"grants": [{"id": "00000000000000a1")"));
    assert_true(has(all.out, R"("requests": [{"id": "00000000000000a2")"));
}

void a_list_cut_short_is_not_taken_for_the_whole(void **)
{
    const Run ran = run(list, {}, {grant("00000000000000a1", "live", true)});
    assert_int_equal(ran.exit, 3);
    assert_text(ran.out, "");
}

void roles_are_shown_with_their_durations(void **)
{
    const std::string web =
        R"("roles":[{"name":"web","description":"the web","groups":["jit-web"],)"
        R"("services":["sudo"],"default_duration":1800,"max_duration":3600}])";
    const std::string frame = R"({"parameters":{"others":[],)" + web + "}}";
    const Run ran = run(roles, {}, {frame});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "ROLE  GROUPS   DEFAULT  MAX  SERVICES  LIVE UNTIL  DESCRIPTION\n"
                         "web   jit-web  30m      1h   sudo      -           the web\n");
    Command json;
    json.json = true;
    assert_true(has(run(roles, json, {frame}).out, R"("roles": [{"name": "web")"));
    assert_text(run(roles, {}, {R"({"parameters":{"roles":[],"others":[]}})"}).out,
                "no role that you may ask for here and now\n");
    const std::string ops =
        R"("others":[{"name":"ops","rule":"hours","message":"closed\u001b[2J"}])";
    assert_true(has(run(roles, {}, {R"({"parameters":{)" + ops + "," + web + "}}"}).out,
                    "the web\nnot ops: closed?[2J\n"));
}

void a_list_of_roles_in_two_replies_is_one(void **)
{
    const std::string part =
        R"({"parameters":{"others":[],"roles":[{"name":"NAME","description":"","groups":["g"],)"
        R"("services":[],"default_duration":60,"max_duration":60}])";
    const auto named = [&](const char *name) {
        std::string out = part;
        return out.replace(out.find("NAME"), 4, name);
    };
    FakeJitd jitd{{{{named("aa") + R"(,"next":"aa"}})"}}, {{named("bb") + "}}"}}}};
    const Caught out, err;
    const Exit exit = roles({}, {out.stream(), err.stream(), false, false}, jitd.path());
    assert_int_equal(static_cast<int>(exit), 0);
    assert_true(has(out.text(), "\naa "));
    assert_true(has(out.text(), "\nbb "));
    assert_true(has(jitd.finish(), R"("after":"aa")"));
}

void drop_and_revoke_name_what_they_ended(void **)
{
    const std::string frame = R"({"parameters":{"ids":["00000000000000a1"]}})";
    Command command;
    command.role = "web";
    const Run dropped = run(drop, command, {frame});
    assert_int_equal(dropped.exit, 0);
    assert_text(dropped.out, "dropped: 00000000000000a1\n");
    assert_true(has(dropped.seen, R"("parameters":{"role":"web"})"));
    Command everything;
    everything.all = true;
    everything.json = true;
    const Run revoked = run(revoke, everything, {frame});
    assert_text(revoked.out, "{\"ids\": [\"00000000000000a1\"]}\n");
    assert_true(has(revoked.seen, R"("parameters":{"all":true})"));
    everything.json = false;
    assert_text(run(revoke, everything, {R"({"parameters":{"ids":[]}})"}).out,
                "nothing was live\n");
    const Run refused =
        run(revoke, everything,
            {R"({"error":"io.jitd.Elevation.NotPermitted","parameters":{"message":"root only"}})"});
    assert_int_equal(refused.exit, 6);
}

void cancel_names_the_request(void **)
{
    Command command;
    command.id = "00000000000000a1";
    const Run ran = run(cancel, command, {nothing});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "cancelled: 00000000000000a1\n");
    command.json = true;
    assert_text(run(cancel, command, {nothing}).out,
                "{\"id\": \"00000000000000a1\", \"state\": \"cancelled\"}\n");
    assert_int_equal(run(cancel, command, {R"({"parameters":{"x":1}})"}).exit, 70);
}

void every_verb_says_that_jitd_is_not_there(void **)
{
    Command command;
    command.id = "00000000000000a1";
    for (const Function verb : {status, list, roles, pending, drop, revoke, cancel}) {
        const Caught out, err;
        const Exit exit =
            verb(command, {out.stream(), err.stream(), true, false}, "/nonexistent/s");
        assert_true(exit == Exit::unreachable);
        assert_true(has(err.text(), "jitctl: jitd is not running"));
        assert_true(has(out.text(), R"({"error": "Unavailable", "message": )"));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(status_with_nothing_says_so_and_is_done),
        cmocka_unit_test(status_of_an_id_that_is_not_there_is_not_found),
        cmocka_unit_test(status_shows_grants_and_requests_apart),
        cmocka_unit_test(what_waits_for_others_has_who_said_yes_so_far),
        cmocka_unit_test(list_keeps_the_order_and_asks_for_ended_ones_only_with_all),
        cmocka_unit_test(a_list_cut_short_is_not_taken_for_the_whole),
        cmocka_unit_test(roles_are_shown_with_their_durations),
        cmocka_unit_test(a_list_of_roles_in_two_replies_is_one),
        cmocka_unit_test(drop_and_revoke_name_what_they_ended),
        cmocka_unit_test(cancel_names_the_request),
        cmocka_unit_test(every_verb_says_that_jitd_is_not_there),
    };
    return cmocka_run_group_tests_name("jitctl/verbs", tests, nullptr, nullptr);
}
