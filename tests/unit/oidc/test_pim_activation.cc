#include "tests/unit/cmocka_cpp.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

using Outcome = HttpReply::Outcome;

constexpr const char *in_an_hour = "2026-03-17T10:41:00.5Z";

PimAsk make_ask(seconds deadline = seconds{600})
{
    PimAsk ask;
    ask.who = pim_who(deadline);
    ask.reason = "INC-4711 disk full";
    ask.duration = minutes{60};
    return ask;
}

// What Graph answers to one question.
struct Turn {
    Turn(const char *question, HttpReply answer)
        : purpose(question), reply(std::make_shared<const HttpReply>(std::move(answer)))
    {
    }
    const char *purpose;
    std::shared_ptr<const HttpReply> reply;
};

Turn turn(const char *purpose, const std::string &body, long status = 200)
{
    return {purpose, reply_of(status, body)};
}

Turn eligible()
{
    return turn("eligibility", pim_list({pim_eligibility()}));
}
Turn no_policy()
{
    return turn("policy", pim_list({}));
}
Turn none(const char *purpose)
{
    return turn(purpose, pim_list({}));
}

struct Run {
    PimActivation machine;
    Now now = pim_began();
    PimStep step;
    std::string body; // of the last POST

    explicit Run(PimAsk ask) : machine(std::move(ask)), step(machine.start(now)) {}

    // Answers each question, and lets the time pass that is to be waited before the next.
    Run &play(const std::vector<Turn> &turns)
    {
        for (const Turn &each : turns) {
            pass();
            assert_text(purpose_of(step), each.purpose);
            const auto &request = std::get<SendRequest>(step).request;
            if (!request.json.empty())
                body = request.json;
            step = machine.on_reply(*each.reply, now);
        }
        return *this;
    }
    void pass()
    {
        BootTime at{};
        if (const auto *wait = std::get_if<WaitUntil>(&step))
            at = wait->at;
        else if (const auto *waits = std::get_if<PimWaits>(&step))
            at = waits->at;
        else
            return;
        assert_true(at > now.boot);
        assert_true(std::holds_alternative<WaitUntil>(machine.on_time(now)));
        now = later(now, std::chrono::ceil<seconds>(at - now.boot));
        step = machine.on_time(now);
    }
    // Up to the POST, without rules.
    Run &ask()
    {
        play({eligible(), no_policy(), none("instances"), none("requests")});
        return *this;
    }
    std::string cancel()
    {
        step = machine.cancel(now);
        return purpose_of(step);
    }
};

const PimActive &active(const Run &run)
{
    const auto *found = std::get_if<PimActive>(&run.step);
    assert_non_null(found);
    return *found;
}

const PimRefused &refused(const Run &run, Failure failure)
{
    const auto *found = std::get_if<PimRefused>(&run.step);
    assert_non_null(found);
    assert_int_equal(static_cast<int>(found->failure), static_cast<int>(failure));
    assert_false(found->advice.empty());
    assert_text(safe_text(found->advice, 1024), found->advice);
    assert_false(found->correlation_id.empty());
    return *found;
}

bool stays(const Run &run)
{
    const auto *found = std::get_if<PimGone>(&run.step);
    assert_non_null(found);
    return found->stays;
}

BootTime waited_for(const Run &run)
{
    return std::get<WaitUntil>(run.step).at;
}

void an_activation_that_needs_nobody_is_active_by_the_list_of_instances(void **)
{
    Run run{make_ask()};
    run.ask().play({turn("post", pim_answer("Provisioned"), 201),
                    turn("instances", pim_list({pim_instance(in_an_hour)}))});
    assert_text(format_time(active(run).until), "2026-03-17T10:41:00Z");
    assert_text(active(run).request, pim_request);
    assert_false(active(run).was_there);
    assert_false(active(run).maximum.has_value());
    assert_text(run.body,
                std::string{R"({"action":"selfActivate","accessId":"member","principalId":")"} +
                    pim_oid + R"(","groupId":")" + pim_group +
                    R"(","scheduleInfo":{"startDateTime":"2026-03-17T09:41:00Z",)"
                    R"("expiration":{"type":"afterDuration","duration":"PT1H"}},)"
                    R"("justification":"INC-4711 disk full",)"
                    R"("ticketInfo":{"ticketNumber":"INC-4711","ticketSystem":"jit"}})");
    // It has come to its end.
    run.step = run.machine.on_time(run.now);
    (void)refused(run, Failure::broken);
}

void the_approval_is_told_once_and_polled_with_growing_pauses(void **)
{
    Run run{make_ask()};
    run.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    const auto *waits = std::get_if<PimWaits>(&run.step);
    assert_non_null(waits);
    assert_true(waits->what == PimWaits::What::approval);
    assert_true(waits->at == run.now.boot + seconds{2});
    for (const long pause : {4L, 8L, 16L, 30L, 30L}) {
        run.play({turn("poll", pim_answer("pendingapproval"))});
        assert_true(waited_for(run) == run.now.boot + seconds{pause});
    }
    run.play({{"poll", reply_of(200, pim_answer("PendingApproval"), "77")}});
    assert_true(waited_for(run) == run.now.boot + seconds{77});
    run.play({turn("poll", pim_answer("PendingProvisioning"))});
    waits = std::get_if<PimWaits>(&run.step);
    assert_non_null(waits);
    assert_true(waits->what == PimWaits::What::provisioning);
    run.play({turn("poll", pim_answer("Granted")), turn("poll", pim_answer("SomethingNew")),
              turn("poll", pim_answer("Provisioned")),
              turn("instances", pim_list({pim_instance(in_an_hour)}))});
    (void)active(run);
}

void each_end_of_a_request_is_told(void **)
{
    struct Row {
        const char *status;
        Failure failure;
        const char *words;
    };
    const Row rows[] = {
        {"Denied", Failure::declined, "denied"},      {"Failed", Failure::blocked, "carry out"},
        {"Canceled", Failure::declined, "cancelled"}, {"Revoked", Failure::declined, "ended"},
        {"DENIED", Failure::declined, "denied"},
    };
    for (const Row &row : rows) {
        Run at_once{make_ask()};
        at_once.ask().play({turn("post", pim_answer(row.status), 201)});
        assert_non_null(std::strstr(refused(at_once, row.failure).advice.c_str(), row.words));
        Run polled{make_ask()};
        polled.ask().play({turn("post", pim_answer("PendingApproval"), 201),
                           turn("poll", pim_answer(row.status))});
        assert_non_null(std::strstr(refused(polled, row.failure).advice.c_str(), row.words));
    }
}

void who_is_not_eligible_is_told_so(void **)
{
    for (const std::string &entry :
         {pim_eligibility(pim_other), pim_eligibility(pim_group, pim_other),
          pim_eligibility(pim_group, pim_oid, "owner"), std::string{"{}"}}) {
        Run run{make_ask()};
        run.play({turn("eligibility", pim_list({entry}))});
        assert_non_null(std::strstr(refused(run, Failure::blocked).advice.c_str(), "eligible"));
    }
    // By a group of his; and on the second page, in capitals.
    Run through{make_ask()};
    through.play({turn("eligibility",
                       pim_list({pim_eligibility(pim_group, pim_other, "member", "Group")}))});
    assert_text(purpose_of(through.step), "policy");
    Run paged{make_ask()};
    const std::string next = "https://graph.microsoft.com/v1.0/next?$skiptoken=x";
    paged.play({turn("eligibility", pim_list({}, next)),
                turn(next.c_str(), pim_list({pim_eligibility("9A000000-0000-4000-8000-000000000001",
                                                             "0B000000-0000-4000-8000-0000000000AA",
                                                             "Member")}))});
    assert_text(purpose_of(paged.step), "policy");
}

void one_that_runs_already_is_taken_until_its_end(void **)
{
    Run run{make_ask()};
    // Whatever the rules demand: nothing is to be asked for.
    const std::string rules = R"({"id":"AuthenticationContext_EndUser_Assignment",)"
                              R"("isEnabled":true,"claimValue":"c7"})";
    run.play({eligible(), turn("policy", pim_policy(rules)),
              turn("instances", pim_list({pim_instance("2026-03-17T09:50:00Z")}))});
    assert_text(format_time(active(run).until), "2026-03-17T09:50:00Z");
    assert_true(active(run).was_there);
    assert_text(active(run).request, "");
    // The earliest of several ends; what is over does not run.
    Run several{make_ask()};
    several.play({eligible(), no_policy(),
                  turn("instances", pim_list({pim_instance("2026-03-17T09:41:00Z"),
                                              pim_instance("2026-03-17T11:00:00Z"),
                                              pim_instance("2026-03-17T10:00:00Z")}))});
    assert_text(format_time(active(several).until), "2026-03-17T10:00:00Z");
    Run over{make_ask()};
    over.play({eligible(), no_policy(),
               turn("instances", pim_list({pim_instance("2026-03-17T09:41:00Z")}))});
    assert_text(purpose_of(over.step), "requests");
}

void what_is_listed_for_others_is_not_active(void **)
{
    for (const std::string &entry :
         {pim_instance(in_an_hour, pim_other), pim_instance(in_an_hour, pim_other, pim_other),
          pim_instance(in_an_hour, pim_group, pim_oid, "owner"),
          pim_instance("null", pim_group, pim_oid, "member", "assigned")}) {
        Run run{make_ask()};
        run.play({eligible(), no_policy(), turn("instances", pim_list({entry}))});
        assert_text(purpose_of(run.step), "requests");
    }
}

void instances_that_make_no_sense_are_refused(void **)
{
    for (const std::string &entry :
         {pim_instance(in_an_hour, pim_group, pim_other), pim_instance("null"),
          pim_instance("tomorrow"), pim_instance("2026-03-17T10:41:00+02:00"), std::string{"{}"},
          std::string{"1"}, std::string{R"({"groupId":1,"principalId":2,"accessId":3})"}}) {
        Run before{make_ask()};
        before.play({eligible(), no_policy(), turn("instances", pim_list({entry}))});
        (void)refused(before, Failure::broken);
        Run after{make_ask()};
        after.ask().play(
            {turn("post", pim_answer("Provisioned"), 201), turn("instances", pim_list({entry}))});
        (void)refused(after, Failure::broken);
    }
    Run ended{make_ask()};
    ended.ask().play({turn("post", pim_answer("Provisioned"), 201),
                      turn("instances", pim_list({pim_instance("2026-03-17T09:00:00Z")}))});
    assert_non_null(std::strstr(refused(ended, Failure::broken).advice.c_str(), "clock"));
}

void provisioned_without_an_instance_is_waited_for_and_then_refused(void **)
{
    Run run{make_ask()};
    run.ask().play({turn("post", pim_answer("Provisioned"), 201)});
    run.play({none("instances")});
    assert_true(std::get<PimWaits>(run.step).what == PimWaits::What::provisioning);
    for (int i = 0; i < 10; ++i)
        run.play({none("instances")});
    (void)refused(run, Failure::broken);
}

void a_request_that_waits_already_is_taken_up(void **)
{
    for (const char *status : {"PendingApproval", "PendingProvisioning", "Granted"}) {
        Run run{make_ask()};
        run.play({eligible(), no_policy(), none("instances"),
                  turn("requests", pim_list({pim_answer("Denied", "aa"), pim_answer(status)})),
                  turn("poll", pim_answer("Provisioned")),
                  turn("instances", pim_list({pim_instance(in_an_hour)}))});
        assert_text(active(run).request, pim_request);
        assert_false(active(run).was_there);
    }
}

void what_is_over_old_or_of_others_is_not_taken_up(void **)
{
    for (const std::string &entry :
         {pim_answer("Provisioned"), pim_answer("Denied"), pim_answer("Revoked"),
          pim_answer("TimedOut"), pim_answer("PendingApproval", pim_request, pim_other),
          pim_answer("PendingApproval", pim_request, pim_group, pim_other),
          pim_answer("PendingApproval", pim_request, pim_group, pim_oid, "2026-03-16T08:00:00Z"),
          pim_answer("PendingApproval", pim_request, pim_group, pim_oid, "2026-03-17T09:00:00Z",
                     "adminAssign"),
          pim_answer("PendingApproval", pim_request, pim_group, pim_oid, "2026-03-17T09:00:00Z",
                     "selfActivate", "owner"),
          pim_answer("PendingApproval", "../../me"), pim_answer("PendingApproval", "")}) {
        Run run{make_ask()};
        run.play({eligible(), no_policy(), none("instances"), turn("requests", pim_list({entry}))});
        assert_text(purpose_of(run.step), "post");
    }
}

void a_request_for_another_day_is_not_taken_up(void **)
{
    std::string entry = pim_answer("ScheduleCreated");
    entry.replace(entry.find("null"), 4, R"({"startDateTime":"2026-03-17T20:00:00Z"})");
    Run run{make_ask()};
    run.play({eligible(), no_policy(), none("instances"), turn("requests", pim_list({entry}))});
    assert_text(purpose_of(run.step), "post");
    run.play({turn("post", pim_error("PendingRoleAssignmentRequest"), 400),
              turn("requests", pim_list({entry})), turn("poll", pim_answer("ScheduleCreated"))});
    assert_true(std::holds_alternative<PimWaits>(run.step));
}

void a_post_of_unknown_fate_is_looked_for_before_the_next(void **)
{
    const HttpReply fates[] = {no_reply(Outcome::timed_out), no_reply(Outcome::unreachable),
                               reply_of(429, "{}", "7"), reply_of(503, "")};
    for (const HttpReply &fate : fates) {
        const auto copy = [&] {
            HttpReply reply = no_reply(fate.outcome);
            reply.status = fate.status;
            reply.retry_after = fate.retry_after;
            return reply;
        };
        // It had come through, and is active.
        Run done{make_ask()};
        done.ask().play(
            {{"post", copy()}, turn("instances", pim_list({pim_instance(in_an_hour)}))});
        assert_false(active(done).was_there);
        // Or it waits.
        Run waits{make_ask()};
        waits.ask().play({{"post", copy()},
                          none("instances"),
                          turn("requests", pim_list({pim_answer("SomethingNew")})),
                          turn("poll", pim_answer("PendingApproval"))});
        assert_true(std::holds_alternative<PimWaits>(waits.step));
        // Or it is done, and the instances lag.
        Run lags{make_ask()};
        lags.ask().play({{"post", copy()},
                         none("instances"),
                         turn("requests", pim_list({pim_answer("Provisioned")})),
                         turn("instances", pim_list({pim_instance(in_an_hour)}))});
        assert_text(active(lags).request, pim_request);
        // Or it was lost: again, four times at most.
        Run lost{make_ask()};
        lost.ask();
        for (int i = 0; i < 4; ++i)
            lost.play({{"post", copy()}, none("instances"), none("requests")});
        (void)refused(lost, Failure::unreachable);
    }
}

void what_exists_already_is_read_from_the_instances(void **)
{
    Run run{make_ask()};
    run.ask().play({turn("post", pim_error("RoleAssignmentExists"), 400),
                    turn("instances", pim_list({pim_instance(in_an_hour)}))});
    assert_true(active(run).was_there);
    Run forever{make_ask()};
    forever.ask().play({turn("post", pim_error("RoleAssignmentExists"), 400),
                        turn("instances", pim_list({pim_instance("null", pim_group, pim_oid,
                                                                 "member", "Assigned")}))});
    assert_non_null(std::strstr(refused(forever, Failure::blocked).advice.c_str(), "without PIM"));
}

void a_request_that_pim_says_is_open_is_looked_for(void **)
{
    Run run{make_ask()};
    run.ask().play({turn("post", pim_error("PendingRoleAssignmentRequest"), 400), none("requests"),
                    turn("requests", pim_list({pim_answer("PendingApproval")})),
                    turn("poll", pim_answer("PendingApproval"))});
    assert_true(std::holds_alternative<PimWaits>(run.step));
    Run hidden{make_ask()};
    hidden.ask().play({turn("post", pim_error("PendingRoleAssignmentRequest"), 400)});
    for (int i = 0; i < 6; ++i)
        hidden.play({none("requests")});
    (void)refused(hidden, Failure::blocked);
}

void a_start_in_the_past_is_moved_twice(void **)
{
    Run run{make_ask()};
    run.ask();
    for (const char *start : {"09:41:00Z", "09:41:30Z", "09:43:00Z"}) {
        run.play({turn("post", pim_error("StartTimeInPast"), 400)});
        assert_non_null(std::strstr(run.body.c_str(), start));
        if (purpose_of(run.step) == "requests")
            run.play({none("requests")});
    }
    assert_non_null(std::strstr(refused(run, Failure::blocked).advice.c_str(), "clock"));
}

// What the policy demands before anything is asked for.
void the_rules_are_met_first(void **)
{
    const std::string enabled = R"({"id":"Enablement_EndUser_Assignment","enabledRules":[)";
    const std::string context = R"({"id":"AuthenticationContext_EndUser_Assignment",)"
                                R"("isEnabled":true,"claimValue":"c7"})";
    struct Row {
        std::string rules;
        const char *reason;
        const char *context;
        bool may_demand;
        const char *expected; // words of the advice or claims; null: it is asked for
    };
    const Row rows[] = {
        {enabled + R"("Justification"]})", "INC-1 x", "", true, nullptr},
        {enabled + R"("Justification"]})", "  ", "", true, "a reason"},
        {enabled + R"("Ticketing"]})", "(INC-1) x", "", true, nullptr},
        {enabled + R"("ticketing"]})", "disk full", "", true, "INC-4711"},
        {enabled + R"("MultiFactorAuthentication","New"]})", "", "", true, nullptr},
        {enabled + "]}", "", "", true, nullptr},
        {context, "x", "c7", true, nullptr},
        {context, "x", "c1", true, R"("access_token":{"acrs":{"essential":true,"value":"c7"})"},
        {context, "x", "c1", true, R"("xms_cc":{"values":["cp1"]})"},
        {context, "x", "c1", false, nullptr},
        {R"({"id":"AuthenticationContext_EndUser_Assignment","isEnabled":false,)"
         R"("claimValue":""})",
         "x", "c1", true, nullptr},
        {R"({"id":"Approval_EndUser_Assignment","setting":{"isApprovalRequired":true}})", "", "",
         true, nullptr},
    };
    for (const Row &row : rows) {
        PimAsk ask = make_ask();
        ask.reason = row.reason;
        ask.contexts = {"p1", row.context};
        ask.may_demand = row.may_demand;
        Run run{std::move(ask)};
        run.play({eligible(), turn("policy", pim_policy(row.rules)), none("instances"),
                  none("requests")});
        if (row.expected == nullptr) {
            assert_text(purpose_of(run.step), "post");
            continue;
        }
        const auto *demands = std::get_if<PimDemands>(&run.step);
        const std::string said =
            demands != nullptr ? demands->claims : refused(run, Failure::blocked).advice;
        assert_non_null(std::strstr(said.c_str(), row.expected));
    }
}

void the_smaller_duration_is_asked_for_and_told(void **)
{
    const auto run_with = [](const char *maximum) {
        Run run{make_ask()};
        const std::string rule = R"({"id":"Expiration_EndUser_Assignment","maximumDuration":")" +
                                 std::string{maximum} + "\"}";
        run.play({eligible(), turn("policy", pim_policy(rule)), none("instances"), none("requests"),
                  turn("post", pim_answer("Provisioned"), 201),
                  turn("instances", pim_list({pim_instance(in_an_hour)}))});
        const auto told = active(run).maximum;
        return std::make_pair(run.body, told ? told->count() : 0);
    };
    const auto [half, told] = run_with("PT30M");
    assert_non_null(std::strstr(half.c_str(), R"("duration":"PT30M")"));
    assert_int_equal(told, 1800);
    for (const char *maximum : {"PT1H", "PT8H", "P1D", "P1Y", "-PT1M", ""}) {
        const auto [whole, nothing] = run_with(maximum);
        assert_non_null(std::strstr(whole.c_str(), R"("duration":"PT1H")"));
        assert_int_equal(nothing, 0);
    }
}

void without_leave_to_read_the_policy_pim_keeps_to_it(void **)
{
    for (const long status : {403L, 404L, 400L}) {
        Run run{make_ask()};
        run.play({eligible(), turn("policy", pim_error("Authorization_RequestDenied"), status)});
        assert_text(purpose_of(run.step), "instances");
    }
    for (const std::string &body :
         {std::string{"<html>"}, std::string{"{}"}, pim_policy("1"), pim_policy(R"({"id":1})"),
          pim_policy(R"({"id":"Enablement_EndUser_Assignment"})"),
          pim_policy(R"({"id":"Enablement_EndUser_Assignment","enabledRules":[1]})"),
          pim_policy(R"({"id":"AuthenticationContext_EndUser_Assignment","isEnabled":true,)"
                     R"("claimValue":"admin"})")}) {
        Run run{make_ask()};
        run.play({eligible(), turn("policy", body)});
        (void)refused(run, Failure::broken);
    }
    // Another group's rules are not ours.
    Run other{make_ask()};
    other.play({eligible(), turn("policy", pim_policy("1", pim_other))});
    assert_text(purpose_of(other.step), "instances");
}

void what_pim_demands_of_the_sign_in_is_demanded_once(void **)
{
    struct Row {
        std::string error;
        const char *claims;
    };
    const Row rows[] = {
        {pim_error("RoleAssignmentRequestAcrsValidationFailed",
                   "&claims=%7B%22access_token%22%3A%7B%22acrs%22%3A%7B%22essential%22%3Atrue%2C%"
                   "22value%22%3A%22c9%22%7D%7D%7D"),
         R"({"access_token":{"acrs":{"essential":true,"value":"c9"},"xms_cc":{"values":["cp1"]}}})"},
        {pim_error(
             "UnknownError",
             R"(x claims={\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c9\"}}} y)"),
         R"({"access_token":{"acrs":{"essential":true,"value":"c9"},"xms_cc":{"values":["cp1"]}}})"},
        {pim_error("RoleAssignmentRequestPolicyValidationFailed", R"(failed: [\"MfaRule\"])"),
         R"({"id_token":{"acrs":{"essential":true,"values":["p1"]}}})"},
    };
    for (const Row &row : rows) {
        Run run{make_ask()};
        run.ask().play({turn("post", row.error, 400)});
        const auto *demands = std::get_if<PimDemands>(&run.step);
        assert_non_null(demands);
        assert_text(demands->claims, row.claims);
        PimAsk again = make_ask();
        again.may_demand = false;
        Run second{std::move(again)};
        second.ask().play({turn("post", row.error, 400)});
        (void)refused(second, Failure::blocked);
    }
}

void answers_to_the_post_for_others_are_refused(void **)
{
    for (const std::string &body :
         {pim_answer("Provisioned", pim_request, pim_other),
          pim_answer("Provisioned", pim_request, pim_group, pim_other),
          pim_answer("Provisioned", pim_request, pim_group, pim_oid, "x", "adminAssign"),
          pim_answer("Provisioned", pim_request, pim_group, pim_oid, "x", "selfActivate", "owner"),
          pim_answer("Provisioned", "me/../x"), pim_answer("Provisioned", std::string(65, 'a')),
          std::string{"{}"}, std::string{"[]"}, std::string{}, std::string{"<html>"},
          std::string(40, '[')}) {
        Run run{make_ask()};
        run.ask().play({turn("post", body, 201)});
        (void)refused(run, Failure::broken);
        Run polled{make_ask()};
        polled.ask().play({turn("post", pim_answer("PendingApproval"), 201), turn("poll", body)});
        (void)refused(polled, Failure::broken);
    }
    Run another{make_ask()};
    another.ask().play({turn("post", pim_answer("PendingApproval"), 201),
                        turn("poll", pim_answer("Provisioned", "dd"))});
    (void)refused(another, Failure::broken);
}

void pages_are_followed_on_the_same_host_and_nowhere_else(void **)
{
    for (const char *foreign :
         {"https://graph.windows.net/x", "http://graph.microsoft.com/x",
          "https://graph.microsoft.com.evil.example/x", "https://graph.microsoft.com@evil.example/",
          "https://graph.microsoft.com/a b", ""}) {
        Run run{make_ask()};
        const std::string text =
            R"({"value":[],"@odata.nextLink":")" + std::string{foreign} + "\"}";
        run.play({turn("eligibility", text)});
        (void)refused(run, Failure::broken);
    }
    Run run{make_ask()};
    int pages = 0;
    while (std::holds_alternative<SendRequest>(run.step) && pages < 100) {
        ++pages;
        run.step = run.machine.on_reply(
            reply_of(200, pim_list({}, "https://graph.microsoft.com/x")), run.now);
    }
    assert_int_equal(pages, 16);
    (void)refused(run, Failure::broken);
}

void a_token_that_runs_out_says_so(void **)
{
    Run first{make_ask()};
    first.play({turn("eligibility", "{}", 401)});
    (void)refused(first, Failure::misconfigured);
    Run late{make_ask()};
    late.ask().play({turn("post", pim_answer("PendingApproval"), 201), turn("poll", "{}", 401)});
    assert_non_null(std::strstr(refused(late, Failure::expired).advice.c_str(), "Run it again"));
}

void each_fault_of_the_way_is_an_end_or_is_asked_again(void **)
{
    struct Row {
        HttpReply reply;
        Failure failure;
    };
    Row rows[] = {
        {reply_of(302, ""), Failure::broken},
        {reply_of(204, ""), Failure::broken},
        {reply_of(400, "{}"), Failure::broken},
        {reply_of(403, "{}"), Failure::misconfigured},
        {reply_of(403, pim_error("PermissionScopeNotGranted")), Failure::misconfigured},
        {no_reply(Outcome::too_large), Failure::broken},
        {no_reply(Outcome::not_trusted), Failure::not_trusted},
        {reply_of(503, "", "99999"), Failure::unreachable},
    };
    for (Row &row : rows) {
        Run run{make_ask()};
        run.step = run.machine.on_reply(row.reply, run.now);
        (void)refused(run, row.failure);
    }
    Run run{make_ask()};
    run.play({{"eligibility", no_reply(Outcome::timed_out)},
              {"eligibility", no_reply(Outcome::unreachable)},
              {"eligibility", reply_of(429, "{}", "20")},
              eligible(),
              {"policy", reply_of(500, "")},
              no_policy(),
              {"instances", no_reply(Outcome::not_trusted)},
              {"instances", no_reply(Outcome::not_trusted)},
              none("instances"),
              none("requests"),
              turn("post", pim_answer("PendingApproval"), 201),
              turn("poll", "{}", 404),
              {"poll", reply_of(503, "")},
              turn("poll", pim_answer("Provisioned")),
              {"instances", no_reply(Outcome::timed_out)},
              turn("instances", pim_list({pim_instance(in_an_hour)}))});
    (void)active(run);
    Run distrusted{make_ask()};
    distrusted.play({eligible()});
    for (int i = 0; i < 3; ++i)
        distrusted.play({{"policy", no_reply(Outcome::not_trusted)}});
    (void)refused(distrusted, Failure::not_trusted);
}

void nothing_outlives_the_deadline(void **)
{
    Run hanging{make_ask(seconds{5})};
    hanging.step = hanging.machine.on_time(later(hanging.now, seconds{1}));
    assert_true(waited_for(hanging) == hanging.now.boot + seconds{5});
    hanging.step = hanging.machine.on_time(later(hanging.now, seconds{5}));
    (void)refused(hanging, Failure::unreachable);

    Run pending{make_ask(seconds{5})};
    pending.ask().play({turn("post", pim_answer("PendingApproval"), 201),
                        turn("poll", pim_answer("PendingApproval"))});
    assert_true(waited_for(pending) == pim_began().boot + seconds{5});
    pending.pass();
    assert_non_null(std::strstr(refused(pending, Failure::expired).advice.c_str(), "stays open"));

    Run too_late{make_ask(seconds{5})};
    too_late.ask().play({turn("post", pim_answer("Provisioned"), 201)});
    too_late.step = too_late.machine.on_reply(reply_of(200, pim_list({pim_instance(in_an_hour)})),
                                              later(too_late.now, seconds{5}));
    (void)refused(too_late, Failure::expired);
    // Whatever PIM says by then to the POST, it may have done it.
    for (const bool has_left : {false, true}) {
        Run posted{make_ask(seconds{5})};
        posted.ask();
        if (has_left)
            (void)posted.cancel();
        posted.step = posted.machine.on_reply(reply_of(201, pim_answer("Provisioned")),
                                              later(posted.now, seconds{5}));
        if (has_left)
            assert_true(stays(posted));
        else
            (void)refused(posted, Failure::expired);
    }
    Run never{make_ask(seconds{0})};
    (void)refused(never, Failure::unreachable);
}

void cancelling_takes_back_what_waits(void **)
{
    Run early{make_ask()};
    assert_text(early.cancel(), "no request");
    assert_false(stays(early));
    Run listing{make_ask()};
    listing.play({eligible(), no_policy()});
    (void)listing.cancel();
    assert_false(stays(listing));

    Run waiting{make_ask()};
    waiting.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    assert_text(waiting.cancel(), "cancel");
    assert_text(std::get<SendRequest>(waiting.step).request.json, "{}");
    assert_true(std::holds_alternative<WaitUntil>(waiting.machine.cancel(waiting.now)));
    waiting.play({turn("cancel", "", 204)});
    assert_false(stays(waiting));

    // While a poll is out.
    Run polling{make_ask()};
    polling.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    polling.pass();
    assert_text(polling.cancel(), "cancel");
    polling.play({{"cancel", reply_of(503, "")}, turn("cancel", "", 200)});
    assert_false(stays(polling));

    // It was approved in the meantime.
    Run approved{make_ask()};
    approved.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    (void)approved.cancel();
    approved.play({turn("cancel", pim_error("RequestCannotBeCancelled"), 400)});
    assert_true(stays(approved));
    Run proving{make_ask()};
    proving.ask().play({turn("post", pim_answer("Provisioned"), 201)});
    (void)proving.cancel();
    assert_true(stays(proving));
    Run silent{make_ask()};
    silent.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    (void)silent.cancel();
    for (int i = 0; i < 3; ++i)
        silent.play({{"cancel", no_reply(Outcome::timed_out)}});
    assert_true(stays(silent));
}

void what_was_only_found_is_left_as_it_is(void **)
{
    const auto open = turn("requests", pim_list({pim_answer("PendingApproval")}));
    // Of an earlier run, of another terminal or host, or of the portal.
    Run found{make_ask()};
    found.play({eligible(), no_policy(), none("instances"), open});
    assert_text(found.cancel(), "no request");
    assert_true(stays(found));
    // Another was faster by a moment.
    Run slower{make_ask()};
    slower.ask().play(
        {turn("post", pim_error("PendingRoleAssignmentRequest"), 400), none("requests")});
    assert_text(slower.cancel(), "no request");
    assert_true(stays(slower));
    Run second{make_ask()};
    second.ask().play({turn("post", pim_error("PendingRoleAssignmentRequest"), 400), open});
    second.pass();
    assert_text(second.cancel(), "no request");
    assert_true(stays(second));
    // Once whose it was has gone.
    Run heir{make_ask()};
    heir.play({eligible(), no_policy(), none("instances"), open});
    assert_false(heir.machine.may_be_ours());
    heir.machine.adopt();
    assert_text(heir.cancel(), "cancel");
    heir.play({turn("cancel", "", 204)});
    assert_false(stays(heir));
}

void cancelling_while_the_post_is_out_waits_for_what_came_of_it(void **)
{
    const auto cancelled = [](const std::vector<Turn> &turns) {
        Run run{make_ask()};
        run.ask();
        assert_text(run.cancel(), "no request");
        assert_true(waited_for(run) == pim_began().boot + seconds{600});
        bool is_first = true;
        for (const Turn &each : turns) {
            if (std::exchange(is_first, false)) {
                run.step = run.machine.on_reply(*each.reply, run.now);
                continue;
            }
            run.play({each});
        }
        return stays(run);
    };
    assert_false(
        cancelled({turn("post", pim_answer("PendingApproval"), 201), turn("cancel", "", 204)}));
    assert_true(cancelled({turn("post", pim_answer("Provisioned"), 201)}));
    assert_false(cancelled({turn("post", pim_answer("Denied"), 201)}));
    assert_true(cancelled({turn("post", "<html>", 201)}));
    assert_true(cancelled({turn("post", pim_error("RoleAssignmentExists"), 400)}));
    assert_false(cancelled({turn("post", pim_error("SubjectNotFound"), 404)}));
    assert_false(cancelled({{"post", no_reply(Outcome::timed_out)},
                            turn("requests", pim_list({pim_answer("PendingApproval")})),
                            turn("cancel", "", 204)}));
    assert_false(cancelled({{"post", reply_of(503, "")}, none("requests")}));
    assert_true(cancelled(
        {{"post", reply_of(503, "")}, turn("requests", pim_list({pim_answer("Provisioned")}))}));
    assert_true(cancelled({{"post", reply_of(503, "")}, turn("requests", "<html>")}));
    assert_true(cancelled({{"post", no_reply(Outcome::too_large)}}));

    Run late{make_ask()};
    late.ask();
    (void)late.cancel();
    late.step = late.machine.on_time(later(late.now, seconds{600}));
    assert_true(stays(late));
}

void what_can_not_be_asked_is_not(void **)
{
    const auto refusal = [](auto change) {
        PimAsk ask = make_ask();
        change(ask);
        Run run{std::move(ask)};
        return std::holds_alternative<PimRefused>(run.step);
    };
    assert_true(refusal([](PimAsk &ask) { ask.who.graph_host = ""; }));
    assert_true(refusal([](PimAsk &ask) { ask.who.graph_host = "evil.example/"; }));
    assert_true(refusal([](PimAsk &ask) { ask.who.token = SecretString{}; }));
    assert_true(refusal([](PimAsk &ask) { ask.who.token = SecretString{"a\r\nHost: x"}; }));
    assert_true(refusal([](PimAsk &ask) { ask.who.group = "x' or 'a' eq 'a"; }));
    assert_true(refusal([](PimAsk &ask) { ask.who.oid = ""; }));
    assert_true(refusal([](PimAsk &ask) { ask.duration = seconds{0}; }));
    assert_false(refusal([](PimAsk &) {}));
}

void a_reason_goes_out_as_json_whatever_it_holds(void **)
{
    PimAsk ask = make_ask();
    ask.reason = "\"}\n\xff" + std::string(600, 'x');
    ask.ticket = "CHG-1\"";
    Run run{std::move(ask)};
    run.ask();
    const std::string body = std::get<SendRequest>(run.step).request.json;
    assert_non_null(std::strstr(body.c_str(), R"("justification":"\"}??xxx)"));
    assert_non_null(std::strstr(body.c_str(), R"("ticketNumber":"CHG-1\"")"));
    assert_true(body.size() < 1200);
    PimAsk mute = make_ask();
    mute.reason = "";
    Run silent{std::move(mute)};
    silent.ask();
    const std::string bare = std::get<SendRequest>(silent.step).request.json;
    assert_null(std::strstr(bare.c_str(), "justification"));
    assert_null(std::strstr(bare.c_str(), "ticketInfo"));
}

void regress_what_was_given_back_a_moment_ago_is_not_what_a_lost_post_has_made(void **)
{
    const std::string old = pim_answer("Provisioned", "0ddd0000-0000-4000-8000-000000000001");
    Run run{PimAsk{pim_who(), "INC-1", "", seconds{3600}, {}, true}};
    run.play({eligible(),
              no_policy(),
              none("instances"),
              turn("requests", pim_list({old})),
              {"post", reply_of(429, "", "1")},
              none("instances"),
              turn("requests", pim_list({old}))});
    assert_text(purpose_of(run.step), "post");
    // And if it did make one, that is found.
    run.play({{"post", reply_of(503, "")},
              none("instances"),
              turn("requests", pim_list({old, pim_answer("Provisioned")}))});
    assert_text(purpose_of(run.step), "instances");
}

void who_hurries_is_heard_as_soon_as_graph_may_be_asked(void **)
{
    Run run{PimAsk{pim_who(), "INC-1", "", seconds{3600}, {}, true}};
    run.ask().play({turn("post", pim_answer("PendingApproval"), 201)});
    run.play({turn("poll", pim_answer("PendingApproval"))});
    // The pause is of four seconds by now.
    run.now = later(run.now, seconds{1});
    assert_true(std::holds_alternative<WaitUntil>(run.machine.hurry(run.now)));
    run.now = later(run.now, seconds{1});
    run.step = run.machine.hurry(run.now);
    assert_text(purpose_of(run.step), "poll");
    assert_true(std::holds_alternative<WaitUntil>(run.machine.hurry(run.now)));
    // Not before a server that is throttled may be asked.
    run.step = run.machine.on_reply(reply_of(429, "", "20"), run.now);
    run.now = later(run.now, seconds{19});
    assert_true(std::holds_alternative<WaitUntil>(run.machine.hurry(run.now)));
    run.now = later(run.now, seconds{3});
    assert_text(purpose_of(run.machine.hurry(run.now)), "poll");
}

std::string scheduled(std::string_view schedule, std::string_view until = in_an_hour,
                      const char *group = pim_group)
{
    std::string text = pim_instance(until, group);
    text.insert(text.size() - 1, ",\"assignmentScheduleId\":" + std::string{schedule});
    return text;
}

void whatever_came_of_it_the_activation_has_the_name_that_mode_watch_knows(void **)
{
    const std::string ours = scheduled(R"("9A_member_S1")");
    Run made{make_ask()};
    made.ask().play(
        {turn("post", pim_answer("Provisioned"), 201), turn("instances", pim_list({ours}))});
    Run found{make_ask()};
    found.play({eligible(), no_policy(), turn("instances", pim_list({ours}))});
    Run refused_as_there{make_ask()};
    refused_as_there.ask().play({turn("post", pim_error("RoleAssignmentExists"), 400),
                                 turn("instances", pim_list({ours}))});
    Run lost{make_ask()};
    lost.ask().play({{"post", no_reply(Outcome::timed_out)}, turn("instances", pim_list({ours}))});
    Run waited{make_ask()};
    waited.play({eligible(), no_policy(), none("instances"),
                 turn("requests", pim_list({pim_answer("PendingApproval")})),
                 turn("poll", pim_answer("Provisioned")), turn("instances", pim_list({ours}))});
    for (const Run *run : {&made, &found, &refused_as_there, &lost, &waited})
        assert_text(active(*run).schedule, "9a_member_s1");
    assert_text(active(made).request, pim_request);
    assert_true(active(found).was_there && active(refused_as_there).was_there);
}

void of_several_instances_the_one_has_the_name_whose_end_counts(void **)
{
    const auto name_of = [](const std::string &list) {
        Run run{make_ask()};
        run.play({eligible(), no_policy(), turn("instances", list)});
        return active(run).schedule;
    };
    const std::string early = "2026-03-17T10:00:00Z";
    const std::string first = scheduled(R"("s1")");
    const std::string second = scheduled(R"("s2")", early);
    assert_text(name_of(pim_list({first, second})), "s2");
    assert_text(name_of(pim_list({second, first})), "s2");
    assert_text(name_of(pim_list({scheduled(R"("s3")", early, pim_other), first})), "s1");
    assert_text(name_of(pim_list({scheduled(R"("s4")", "2026-03-17T09:00:00Z"), first})), "s1");
    assert_text(name_of(pim_list({scheduled("null")})), "");
    for (const char *nonsense : {"7", R"("")", R"("s 1")", R"("../s1")", "{}"}) {
        Run run{make_ask()};
        run.play({eligible(), no_policy(), turn("instances", pim_list({scheduled(nonsense)}))});
        (void)refused(run, Failure::broken);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_that_needs_nobody_is_active_by_the_list_of_instances),
        cmocka_unit_test(the_approval_is_told_once_and_polled_with_growing_pauses),
        cmocka_unit_test(each_end_of_a_request_is_told),
        cmocka_unit_test(who_is_not_eligible_is_told_so),
        cmocka_unit_test(one_that_runs_already_is_taken_until_its_end),
        cmocka_unit_test(what_is_listed_for_others_is_not_active),
        cmocka_unit_test(instances_that_make_no_sense_are_refused),
        cmocka_unit_test(provisioned_without_an_instance_is_waited_for_and_then_refused),
        cmocka_unit_test(a_request_that_waits_already_is_taken_up),
        cmocka_unit_test(what_is_over_old_or_of_others_is_not_taken_up),
        cmocka_unit_test(a_request_for_another_day_is_not_taken_up),
        cmocka_unit_test(a_post_of_unknown_fate_is_looked_for_before_the_next),
        cmocka_unit_test(what_exists_already_is_read_from_the_instances),
        cmocka_unit_test(a_request_that_pim_says_is_open_is_looked_for),
        cmocka_unit_test(a_start_in_the_past_is_moved_twice),
        cmocka_unit_test(the_rules_are_met_first),
        cmocka_unit_test(the_smaller_duration_is_asked_for_and_told),
        cmocka_unit_test(without_leave_to_read_the_policy_pim_keeps_to_it),
        cmocka_unit_test(what_pim_demands_of_the_sign_in_is_demanded_once),
        cmocka_unit_test(answers_to_the_post_for_others_are_refused),
        cmocka_unit_test(pages_are_followed_on_the_same_host_and_nowhere_else),
        cmocka_unit_test(a_token_that_runs_out_says_so),
        cmocka_unit_test(each_fault_of_the_way_is_an_end_or_is_asked_again),
        cmocka_unit_test(nothing_outlives_the_deadline),
        cmocka_unit_test(cancelling_takes_back_what_waits),
        cmocka_unit_test(what_was_only_found_is_left_as_it_is),
        cmocka_unit_test(cancelling_while_the_post_is_out_waits_for_what_came_of_it),
        cmocka_unit_test(what_can_not_be_asked_is_not),
        cmocka_unit_test(a_reason_goes_out_as_json_whatever_it_holds),
        cmocka_unit_test(regress_what_was_given_back_a_moment_ago_is_not_what_a_lost_post_has_made),
        cmocka_unit_test(who_hurries_is_heard_as_soon_as_graph_may_be_asked),
        cmocka_unit_test(whatever_came_of_it_the_activation_has_the_name_that_mode_watch_knows),
        cmocka_unit_test(of_several_instances_the_one_has_the_name_whose_end_counts),
    };
    return cmocka_run_group_tests_name("oidc/pim_activation", tests, nullptr, nullptr);
}
