#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"

using namespace jit;
using namespace jit::ctl;

namespace {

std::string pin(const char *user, bool is_confirmed, const char *state)
{
    return std::string{R"({"user":")"} + user +
           R"(","oid":"a11ce000-0000-4000-8000-000000000001","upn":")" + user +
           R"(@contoso.com","since":"2026-03-17T09:41:05Z","confirmed":)" +
           (is_confirmed ? "true" : "false") + R"(,"state":")" + state + R"("})";
}

std::string page(const std::string &pins, const std::string &next = "")
{
    return R"({"parameters":{"pins":[)" + pins + "]" +
           (next.empty() ? "" : R"(,"next":")" + next + "\"") + "}}";
}

const std::string nothing = R"({"parameters":{}})";
const std::string not_root =
    R"({"error":"io.jitd.Elevation.NotPermitted","parameters":{"message":"only root may"}})";
const std::string no_pin =
    R"({"error":"io.jitd.Elevation.NotFound","parameters":{"message":"user bob has no pin"}})";

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

Command make(bool json, const char *user = nullptr)
{
    Command command;
    command.json = json;
    if (user != nullptr)
        command.user = user;
    return command;
}

void pins_are_a_table(void **)
{
    const Run ran = run(pins, make(false),
                        {page(pin("alice", true, "confirmed") + "," + pin("bob", false, "waits") +
                              "," + pin("carol", false, "first"))});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.err, "");
    assert_text(
        ran.out,
        "USER   UPN                OID                                   SINCE             "
        "    STATE\n"
        "alice  alice@contoso.com  a11ce000-0000-4000-8000-000000000001  2026-03-17T09:41:05Z"
        "  confirmed\n"
        "bob    bob@contoso.com    a11ce000-0000-4000-8000-000000000001  2026-03-17T09:41:05Z"
        "  waits\n"
        "carol  carol@contoso.com  a11ce000-0000-4000-8000-000000000001  2026-03-17T09:41:05Z"
        "  first\n");
    assert_true(ran.seen.find("io.jitd.Elevation.Pins") != ran.seen.npos);
}

void pins_are_one_object_of_all_pages(void **)
{
    const Run ran =
        run(pins, make(true),
            {page(pin("alice", true, "confirmed"), "alice"), page(pin("bob", false, "waits"))});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out,
                R"({"pins": [{"user": "alice", "oid": "a11ce000-0000-4000-8000-000000000001", )"
                R"("upn": "alice@contoso.com", "since": "2026-03-17T09:41:05Z", )"
                R"("confirmed": true, "state": "confirmed"}, )"
                R"({"user": "bob", "oid": "a11ce000-0000-4000-8000-000000000001", )"
                R"("upn": "bob@contoso.com", "since": "2026-03-17T09:41:05Z", )"
                R"("confirmed": false, "state": "waits"}]})"
                "\n");
}

void no_pin_at_all_is_done(void **)
{
    const Run ran = run(pins, make(false), {page("")});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "nobody is pinned\n");
    assert_text(run(pins, make(true), {page("")}).out, "{\"pins\": []}\n");
}

void a_list_that_is_cut_short_or_has_no_end_is_not_taken_for_the_whole(void **)
{
    const Run cut = run(pins, make(false), {page(pin("alice", true, "confirmed"), "alice")});
    assert_int_equal(cut.exit, 3);
    assert_text(cut.out, "");
    const Run endless = run(pins, make(false), {page("", "alice")});
    assert_int_equal(endless.exit, 70);
    assert_text(endless.out, "");
}

void who_may_not_is_told_so(void **)
{
    for (const Function verb : {pins, confirm_pin, clear_pin}) {
        const Run ran = run(verb, make(true, "bob"), {not_root});
        assert_int_equal(ran.exit, 6);
        assert_text(ran.err, "jitctl: only root may\n");
        assert_text(ran.out, "{\"error\": \"NotPermitted\", \"message\": \"only root may\"}\n");
    }
}

void confirm_and_clear_name_the_user(void **)
{
    const Run confirmed = run(confirm_pin, make(false, "bob"), {nothing});
    assert_int_equal(confirmed.exit, 0);
    assert_text(confirmed.out, "confirmed: bob\n");
    assert_true(confirmed.seen.find(R"("io.jitd.Elevation.ConfirmPin")") != confirmed.seen.npos);
    assert_true(confirmed.seen.find(R"("parameters":{"user":"bob"})") != confirmed.seen.npos);
    const Run cleared = run(clear_pin, make(false, "bob"), {nothing});
    assert_int_equal(cleared.exit, 0);
    assert_text(cleared.out, "cleared: bob\n");
    assert_true(cleared.seen.find(R"("io.jitd.Elevation.ClearPin")") != cleared.seen.npos);
    assert_text(run(clear_pin, make(true, "bob"), {nothing}).out,
                "{\"user\": \"bob\", \"state\": \"cleared\"}\n");
}

void a_user_without_a_pin_is_not_found(void **)
{
    for (const Function verb : {confirm_pin, clear_pin}) {
        const Run ran = run(verb, make(false, "bob"), {no_pin});
        assert_int_equal(ran.exit, 7);
        assert_text(ran.err, "jitctl: user bob has no pin\n");
        assert_text(ran.out, "");
    }
}

void every_verb_says_that_jitd_is_not_there(void **)
{
    for (const Function verb : {pins, confirm_pin, clear_pin}) {
        const Caught out, err;
        assert_true(verb(make(true, "bob"), {out.stream(), err.stream(), true, false},
                         "/nonexistent/s") == Exit::unreachable);
        assert_true(out.text().starts_with(R"({"error": "Unavailable", "message": )"));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_a_table),
        cmocka_unit_test(pins_are_one_object_of_all_pages),
        cmocka_unit_test(no_pin_at_all_is_done),
        cmocka_unit_test(a_list_that_is_cut_short_or_has_no_end_is_not_taken_for_the_whole),
        cmocka_unit_test(who_may_not_is_told_so),
        cmocka_unit_test(confirm_and_clear_name_the_user),
        cmocka_unit_test(a_user_without_a_pin_is_not_found),
        cmocka_unit_test(every_verb_says_that_jitd_is_not_there),
    };
    return cmocka_run_group_tests_name("jitctl/pins", tests, nullptr, nullptr);
}
