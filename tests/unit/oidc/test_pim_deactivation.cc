#include "tests/unit/cmocka_cpp.h"

#include <cstring>

#include "lib/oidc/pim_deactivation.h"
#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

using Outcome = HttpReply::Outcome;

struct Run {
    PimDeactivation machine;
    Now now = pim_began();
    PimDropStep step;

    explicit Run(seconds deadline = seconds{900})
        : machine(pim_who(deadline)), step(machine.start(now))
    {
    }

    Run &answer(const char *purpose, const HttpReply &reply)
    {
        if (const auto *wait = std::get_if<WaitUntil>(&step)) {
            assert_true(wait->at > now.boot);
            assert_true(std::holds_alternative<WaitUntil>(machine.on_time(now)));
            now = later(now, std::chrono::ceil<seconds>(wait->at - now.boot));
            step = machine.on_time(now);
        }
        assert_text(purpose_of(step), purpose);
        step = machine.on_reply(reply, now);
        return *this;
    }
    bool is_over() const { return std::holds_alternative<PimDropped>(step); }
};

HttpReply answered(std::string_view status, std::string_view group = pim_group,
                   std::string_view oid = pim_oid, std::string_view action = "selfDeactivate")
{
    return reply_of(201, pim_answer(status, pim_request, group, oid, "x", action));
}

HttpReply still_active()
{
    return reply_of(200, pim_list({pim_instance("2026-03-17T10:41:00Z")}));
}

void assert_refused(const Run &run, Failure failure)
{
    const auto *found = std::get_if<PimRefused>(&run.step);
    assert_non_null(found);
    assert_int_equal(static_cast<int>(found->failure), static_cast<int>(failure));
    assert_false(found->advice.empty() || found->correlation_id.empty());
}

void revoked_is_success(void **)
{
    Run run;
    assert_text(std::get<SendRequest>(run.step).request.json,
                std::string{R"({"action":"selfDeactivate","accessId":"member","principalId":")"} +
                    pim_oid + R"(","groupId":")" + pim_group +
                    R"(","justification":"ended on the host"})");
    assert_true(run.answer("post", answered("Revoked")).is_over());
    run.step = run.machine.on_time(run.now);
    assert_refused(run, Failure::broken);
    Run gone;
    assert_true(
        gone.answer("post", reply_of(400, pim_error("RoleAssignmentDoesNotExist"))).is_over());
}

void the_first_five_minutes_are_waited_for(void **)
{
    Run run;
    const BootTime began = run.now.boot;
    for (int i = 0; i < 10; ++i)
        run.answer("post", reply_of(400, pim_error("ActiveDurationTooShort")));
    assert_true(run.answer("post", answered("Revoked")).is_over());
    assert_true(run.now.boot == began + seconds{300});

    Run forever;
    int posts = 0;
    while (!std::holds_alternative<PimRefused>(forever.step) && ++posts < 100)
        forever.answer("post", reply_of(400, pim_error("ActiveDurationTooShort")));
    assert_refused(forever, Failure::blocked);
    assert_int_equal(posts, 15);

    Run brief{seconds{45}};
    brief.answer("post", reply_of(400, pim_error("ActiveDurationTooShort")));
    brief.answer("post", reply_of(400, pim_error("ActiveDurationTooShort")));
    assert_refused(brief, Failure::expired);
}

void what_is_on_its_way_is_looked_for_in_the_instances(void **)
{
    Run run;
    run.answer("post", answered("PendingProvisioning")).answer("instances", still_active());
    assert_true(run.answer("instances", reply_of(200, pim_list({}))).is_over());
    Run stuck;
    stuck.answer("post", answered("Granted"));
    for (int i = 0; i < 10; ++i)
        stuck.answer("instances", still_active());
    assert_refused(stuck, Failure::expired);
}

void an_answer_that_was_lost_is_looked_for(void **)
{
    Run done;
    done.answer("post", no_reply(Outcome::timed_out));
    assert_true(done.answer("instances", reply_of(200, pim_list({}))).is_over());
    Run again;
    again.answer("post", reply_of(503, "")).answer("instances", still_active());
    assert_true(again.answer("post", answered("Revoked")).is_over());
    Run never;
    for (int i = 0; i < 4; ++i)
        never.answer("post", no_reply(Outcome::timed_out)).answer("instances", still_active());
    assert_refused(never, Failure::unreachable);
}

void each_other_answer_is_an_end(void **)
{
    struct Row {
        HttpReply reply;
        Failure failure;
    };
    Row rows[] = {
        {answered("Denied"), Failure::blocked},
        {answered("Failed"), Failure::blocked},
        {answered("Revoked", pim_other), Failure::broken},
        {answered("Revoked", pim_group, pim_other), Failure::broken},
        {answered("Revoked", pim_group, pim_oid, "selfActivate"), Failure::broken},
        {reply_of(201, "<html>"), Failure::broken},
        {reply_of(401, "{}"), Failure::expired},
        {reply_of(403, "{}"), Failure::misconfigured},
        {reply_of(302, ""), Failure::broken},
        {no_reply(Outcome::too_large), Failure::broken},
    };
    for (Row &row : rows) {
        Run run;
        run.answer("post", row.reply);
        assert_refused(run, row.failure);
    }
    Run late{seconds{5}};
    late.step = late.machine.on_time(later(late.now, seconds{5}));
    assert_refused(late, Failure::unreachable);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(revoked_is_success),
        cmocka_unit_test(the_first_five_minutes_are_waited_for),
        cmocka_unit_test(what_is_on_its_way_is_looked_for_in_the_instances),
        cmocka_unit_test(an_answer_that_was_lost_is_looked_for),
        cmocka_unit_test(each_other_answer_is_an_end),
    };
    return cmocka_run_group_tests_name("oidc/pim_deactivation", tests, nullptr, nullptr);
}
