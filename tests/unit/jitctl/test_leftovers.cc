#include "tests/unit/cmocka_cpp.h"

#include "jitctl/leftovers.h"
#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

ipc::Leftovers looked()
{
    ipc::Leftovers leftovers;
    leftovers.look = ipc::Look::done;
    leftovers.looked = WallTime{1'773'740'525s};
    return leftovers;
}

void each_thing_has_a_line_with_its_time(void **)
{
    ipc::Leftovers leftovers = looked();
    leftovers.found = {{ipc::LeftoverKind::setuid, "/usr/local/bin/x", WallTime{1'773'740'465s}},
                       {ipc::LeftoverKind::account, "mallory (uid 0)", WallTime{1'773'740'466s}}};
    leftovers.more = 7;
    assert_true(format_leftovers(leftovers) ==
                (Lines{"left behind: setuid /usr/local/bin/x (2026-03-17T09:41:05Z)",
                       "left behind: account mallory (uid 0) (2026-03-17T09:41:06Z)",
                       "left behind: 7 more"}));
}

void nothing_found_not_looked_yet_and_no_longer_known_are_told_apart(void **)
{
    ipc::Leftovers leftovers = looked();
    const Lines nothing = format_leftovers(leftovers);
    assert_true(nothing == Lines{"left behind: nothing was found"});
    leftovers = {};
    std::vector<Lines> all{nothing};
    for (const auto look : {ipc::Look::waits, ipc::Look::forgotten, ipc::Look::unreadable}) {
        leftovers.look = look;
        all.push_back(format_leftovers(leftovers));
        assert_int_equal(all.back().size(), 1);
        for (std::size_t i = 0; i + 1 < all.size(); ++i)
            assert_true(all[i] != all.back());
    }
    assert_text(all[1][0], "left behind: nobody has looked yet");
}

void what_could_not_be_looked_at_is_said_whatever_was_found(void **)
{
    ipc::Leftovers leftovers = looked();
    leftovers.missed = {ipc::Missed::too_long, ipc::Missed::homes_elsewhere};
    const Lines lines = format_leftovers(leftovers);
    assert_int_equal(lines.size(), 2);
    assert_text(lines[1],
                "not all could be looked at: it would have taken too long, homes on other "
                "file systems");
}

void status_of_an_ended_grant_shows_them(void **)
{
    const std::string reply =
        R"({"parameters":{"grant":{"id":"00000000000000a1","role":"web","user":"alice","oid":"",)"
        R"("groups":["jit-web"],"state":"ended","host":"web01","approvers":[],)"
        R"("since":"2026-03-17T09:41:05Z","until":"2026-03-17T10:11:05Z",)"
        R"("leftovers":{"look":"done","looked":"2026-03-17T10:12:00Z","found":[)"
        R"({"kind":"cron","what":"/etc/cron.d/x","at":"2026-03-17T09:45:00Z"}],)"
        R"("more":0,"missed":[]}}}})";
    Command command;
    command.id = "00000000000000a1";
    for (const bool json : {false, true}) {
        command.json = json;
        FakeJitd jitd{{{{reply}}}};
        const Caught out, err;
        const Exit exit = status(command, {out.stream(), err.stream(), json, false}, jitd.path());
        assert_int_equal(static_cast<int>(exit), 0);
        const std::string said = out.text();
        const char *const wanted =
            json ? R"("leftovers": {"look": "done", "looked": "2026-03-17T10:12:00Z", )"
                   R"("found": [{"kind": "cron", "what": "/etc/cron.d/x", )"
                 : "\nleft behind: cron /etc/cron.d/x (2026-03-17T09:45:00Z)\n";
        assert_true(said.find(wanted) != said.npos);
        (void)jitd.finish();
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_has_a_line_with_its_time),
        cmocka_unit_test(nothing_found_not_looked_yet_and_no_longer_known_are_told_apart),
        cmocka_unit_test(what_could_not_be_looked_at_is_said_whatever_was_found),
        cmocka_unit_test(status_of_an_ended_grant_shows_them),
    };
    return cmocka_run_group_tests_name("jitctl/leftovers", tests, nullptr, nullptr);
}
