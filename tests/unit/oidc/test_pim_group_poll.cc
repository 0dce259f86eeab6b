#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/oidc/pim_group_poll.h"
#include "tests/unit/oidc/flow.h"
#include "tests/unit/oidc/pim_texts.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;
using Outcome = HttpReply::Outcome;

namespace {

constexpr const char *id = "0b9e0000-0000-4000-8000-00000000000a";
const std::string lists =
    "https://graph.microsoft.com/v1.0/identityGovernance/privilegedAccess/group/";
const std::string all_instances =
    lists + "assignmentScheduleInstances?$filter=groupId%20eq%20'" + pim_group + "'";
const std::string all_requests =
    lists + "assignmentScheduleRequests?$filter=groupId%20eq%20'" + pim_group + "'";

std::string requests_of(const char *person)
{
    return all_requests + "%20and%20principalId%20eq%20'" + person + "'";
}

struct Poll {
    PimGroupPoll poll{"graph.microsoft.com", pim_group};
    BootTime now{seconds{1000}};

    // 100 in the middle: neither less nor more.
    PollStep begin(std::uint32_t random = 100)
    {
        assert_true(std::holds_alternative<NeedToken>(poll.on_time(now)));
        return poll.begin(SecretString{"at.at"}, id, random, now);
    }
    PollStep reply(const std::string &body, long status = 200, std::string_view retry_after = {})
    {
        return poll.on_reply(reply_of(status, body, retry_after), now);
    }
    // A whole round with these lists.
    std::vector<Activation> round(const std::vector<std::string> &instances,
                                  const std::vector<std::string> &requests = {})
    {
        begin();
        PollStep step = reply(list_of(instances));
        if (std::holds_alternative<SendRequest>(step))
            step = reply(list_of(requests));
        assert_true(std::holds_alternative<GroupSeen>(step));
        now = std::get<GroupSeen>(step).next_at;
        return std::get<GroupSeen>(std::move(step)).activations;
    }
    long seconds_to(BootTime at) const
    {
        return static_cast<long>(std::chrono::duration_cast<seconds>(at - now).count());
    }
};

const HttpRequest &sent(const PollStep &step, const std::string &url)
{
    const auto *send = std::get_if<SendRequest>(&step);
    assert_non_null(send);
    assert_text(send->request.url, url);
    assert_true(send->request.method == HttpRequest::Method::get);
    assert_text(send->request.bearer.reveal(), "at.at");
    assert_text(send->request.client_request_id, id);
    return send->request;
}

const PollFailed &failed(const PollStep &step, Failure failure)
{
    const auto *fail = std::get_if<PollFailed>(&step);
    assert_non_null(fail);
    assert_int_equal(static_cast<int>(fail->failure), static_cast<int>(failure));
    assert_false(fail->advice.empty());
    assert_text(safe_text(fail->advice, 1024), fail->advice);
    return *fail;
}

void an_activation_is_joined_with_what_was_asked_for(void **)
{
    Poll poll;
    sent(poll.begin(), all_instances);
    InstanceText upper;
    upper.principal = "A11CE000-0000-4000-8000-00000000000A";
    sent(poll.reply(list_of({upper.text()})), requests_of(pim_alice));
    const PollStep step = poll.reply(list_of({RequestText{}.text()}));
    assert_true(std::holds_alternative<GroupSeen>(step));
    const auto &seen = std::get<GroupSeen>(step);
    assert_int_equal(seen.activations.size(), 1);
    const Activation &one = seen.activations[0];
    assert_text(one.principal, pim_alice);
    assert_text(one.schedule, schedule_of("s1"));
    assert_text(one.request, RequestText{}.id);
    assert_text(format_time(one.asked), "2026-03-17T09:41:00Z");
    assert_text(format_time(one.began), "2026-03-17T09:41:05Z");
    assert_text(format_time(one.until), "2026-03-17T10:41:05Z");
    assert_text(one.justification, "INC-7 BCDFGHJKM");
    assert_true(one.is_activated);
    assert_int_equal(poll.seconds_to(seen.next_at), 10);
}

void who_is_assigned_for_good_is_seen_as_such_and_no_request_looked_for(void **)
{
    Poll poll;
    InstanceText assigned;
    assigned.type = "Assigned";
    assigned.began = assigned.until = "null";
    const auto seen = poll.round({assigned.text()});
    assert_int_equal(seen.size(), 1);
    assert_false(seen[0].is_activated);
    assert_text(seen[0].principal, pim_alice);
    assert_int_equal(poll.round({}).size(), 0);
}

void owners_are_none_of_it(void **)
{
    Poll poll;
    InstanceText owner;
    owner.access = "owner";
    assert_int_equal(poll.round({owner.text()}).size(), 0);
}

void another_request_is_not_the_activations(void **)
{
    const auto origin = [](const RequestText &request) {
        Poll poll;
        const auto seen = poll.round({InstanceText{}.text()}, {request.text()});
        assert_int_equal(seen.size(), 1);
        return seen[0].request;
    };
    assert_text(origin({}), RequestText{}.id);
    RequestText request;
    request.action = "SELFACTIVATE";
    assert_text(origin(request), RequestText{}.id);
    for (const char *action : {"adminAssign", "selfDeactivate", "selfExtend", ""}) {
        request = {};
        request.action = action;
        assert_text(origin(request), "");
    }
    for (const char *status : {"Denied", "Failed", "Canceled", "Revoked"}) {
        request = {};
        request.status = status;
        assert_text(origin(request), "");
    }
    request = {};
    request.principal = pim_bob;
    assert_text(origin(request), "");
    request = {};
    request.access = "owner";
    assert_text(origin(request), "");
    request = {};
    request.validation = "true";
    assert_text(origin(request), "");
    request = {};
    request.schedule = "null";
    assert_text(origin(request), "");
    request.schedule = "\"" + schedule_of("s2") + "\"";
    assert_text(origin(request), "");
}

void two_requests_for_one_activation_are_none(void **)
{
    Poll poll;
    RequestText second;
    second.id = "6aacaee8-4089-4048-9510-3119367fc944";
    const auto seen = poll.round({InstanceText{}.text()}, {RequestText{}.text(), second.text()});
    assert_text(seen.at(0).request, "");
    assert_text(seen.at(0).justification, "");
    // The same one twice is one, and an ambiguity of before is looked at again.
    const auto again =
        poll.round({InstanceText{}.text()}, {RequestText{}.text(), RequestText{}.text()});
    assert_text(again.at(0).request, RequestText{}.id);
}

void what_is_matched_is_not_looked_for_again(void **)
{
    Poll poll;
    poll.round({InstanceText{}.text()}, {RequestText{}.text()});
    poll.begin();
    InstanceText shorter;
    shorter.until = "\"2026-03-17T10:00:00Z\"";
    InstanceText bobs;
    bobs.principal = pim_bob;
    bobs.schedule = schedule_of("s2");
    sent(poll.reply(list_of({shorter.text(), bobs.text()})), requests_of(pim_bob));
    const PollStep step = poll.reply(list_of({}));
    const auto &seen = std::get<GroupSeen>(step).activations;
    assert_text(seen.at(0).request, RequestText{}.id);
    assert_text(format_time(seen.at(0).until), "2026-03-17T10:00:00Z");
    assert_text(seen.at(1).request, "");
    poll.now = std::get<GroupSeen>(step).next_at;
    // Gone, and forgotten: the next one is matched anew, and not with a stranger.
    poll.round({});
    bobs.schedule = schedule_of("s1");
    assert_text(poll.round({bobs.text()}, {RequestText{}.text()}).at(0).request, "");
}

void many_people_are_looked_up_in_one_list(void **)
{
    Poll poll;
    std::vector<std::string> instances;
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < 17; ++i) {
        InstanceText one;
        one.principal.replace(one.principal.size() - 2, 1, 1, digits[i / 16]);
        one.principal.back() = digits[i % 16];
        one.schedule = schedule_of(std::to_string(i));
        instances.push_back(one.text());
    }
    poll.begin();
    sent(poll.reply(list_of(instances)), all_requests);
    instances.pop_back();
    Poll fewer;
    fewer.begin();
    PollStep step = fewer.reply(list_of(instances));
    for (std::size_t i = 16; i-- > 0;) {
        std::string person = pim_alice;
        person.replace(person.size() - 2, 1, 1, '0');
        person.back() = digits[i];
        sent(step, requests_of(person.c_str()));
        step = fewer.reply(list_of({}));
    }
    assert_true(std::holds_alternative<GroupSeen>(step));
}

void pages_are_followed_on_graphs_host_alone(void **)
{
    Poll poll;
    poll.begin();
    const std::string next = lists + "assignmentScheduleInstances?$skiptoken=2";
    sent(poll.reply(list_of({InstanceText{}.text()}, next)), next);
    InstanceText second;
    second.schedule = schedule_of("s2");
    // One that moved from page to page is one.
    sent(poll.reply(list_of({InstanceText{}.text(), second.text()})), requests_of(pim_alice));
    sent(poll.reply(list_of({RequestText{}.text()}, next)), next);
    const PollStep step = poll.reply(list_of({}));
    assert_int_equal(std::get<GroupSeen>(step).activations.size(), 2);
    for (const char *elsewhere :
         {"https://graph.microsoft.com.evil/", "http://graph.microsoft.com/v1.0/x",
          "https://evil/https://graph.microsoft.com/", "https://graph.microsoft.com/a b"}) {
        Poll other;
        other.begin();
        failed(other.reply(list_of({}, elsewhere)), Failure::broken);
    }
    Poll endless;
    PollStep last = endless.begin();
    int pages = 0;
    for (; std::holds_alternative<SendRequest>(last); ++pages)
        last = endless.reply(list_of({}, next));
    failed(last, Failure::broken);
    assert_true(pages <= 16);
}

// One who has asked without end is not known to have asked; of the others all is told.
void an_endless_history_costs_whose_it_is(void **)
{
    Poll poll;
    poll.begin();
    const std::string next = lists + "assignmentScheduleRequests?$skiptoken=2";
    PollStep step = poll.reply(list_of({InstanceText{}.text()}));
    sent(step, requests_of(pim_alice));
    for (int pages = 0; std::holds_alternative<SendRequest>(step); ++pages) {
        assert_true(pages <= 16);
        step = poll.reply(list_of({RequestText{}.text()}, next));
    }
    const auto &seen = std::get<GroupSeen>(step).activations;
    assert_int_equal(seen.size(), 1);
    assert_true(seen[0].is_activated);
    assert_text(seen[0].request, "");
}

void an_answer_of_another_group_or_shape_fails_as_a_whole(void **)
{
    std::vector<std::string> bad{"7", "null", "[]", "{}"};
    InstanceText one;
    one.group = "9a000000-0000-4000-8000-000000000002";
    bad.push_back(one.text());
    for (const char *principal : {"", "alice", "a11ce000-0000-4000-8000-00000000000a/"}) {
        one = {};
        one.principal = principal;
        bad.push_back(one.text());
    }
    for (const std::string &schedule :
         {std::string{}, std::string{"a b"}, std::string{"a'"}, std::string(201, 'a')}) {
        one = {};
        one.schedule = schedule;
        bad.push_back(one.text());
    }
    for (const char *time : {"null", "7", "\"\"", "\"2026-03-17\"", "\"2026-03-17T09:41:05+01:00\"",
                             "\"9999-99-99T99:99:99Z\""}) {
        one = {};
        one.began = time;
        bad.push_back(one.text());
        one = {};
        one.until = time;
        bad.push_back(one.text());
    }
    one = {};
    one.until = "\"2026-03-17T09:41:04Z\""; // before it began
    bad.push_back(one.text());
    for (const std::string &entry : bad) {
        Poll poll;
        poll.begin();
        failed(poll.reply(list_of({InstanceText{}.text(), entry})), Failure::broken);
    }
    for (const char *body : {"", "<html>", "[]", "{}", R"({"value":{}})", R"({"value":[])"}) {
        Poll poll;
        poll.begin();
        failed(poll.reply(body), Failure::broken);
    }
    // A schedule belongs to one person.
    InstanceText bobs;
    bobs.principal = pim_bob;
    Poll poll;
    poll.begin();
    failed(poll.reply(list_of({InstanceText{}.text(), bobs.text()})), Failure::broken);
}

void a_request_of_another_group_or_shape_fails_as_a_whole(void **)
{
    std::vector<std::string> bad{"7", "{}"};
    RequestText one;
    one.group = "9a000000-0000-4000-8000-000000000002";
    bad.push_back(one.text());
    one = {};
    one.id = "";
    bad.push_back(one.text());
    one = {};
    one.created = "yesterday";
    bad.push_back(one.text());
    one = {};
    one.justification = "7";
    bad.push_back(one.text());
    one = {};
    one.schedule = "7";
    bad.push_back(one.text());
    for (const std::string &entry : bad) {
        Poll poll;
        poll.begin();
        poll.reply(list_of({InstanceText{}.text()}));
        failed(poll.reply(list_of({RequestText{}.text(), entry})), Failure::broken);
    }
}

void a_justification_spoils_nothing(void **)
{
    RequestText one;
    one.justification = "\"" + std::string(9000, 'x') + "\"";
    Poll poll;
    assert_int_equal(poll.round({InstanceText{}.text()}, {one.text()}).at(0).justification.size(),
                     4096);
    one.justification = "null";
    Poll other;
    const auto seen = other.round({InstanceText{}.text()}, {one.text()});
    assert_text(seen.at(0).request, one.id);
    assert_text(seen.at(0).justification, "");
}

void rounds_come_every_ten_seconds_and_later_every_thirty(void **)
{
    Poll poll;
    for (const long pause : {10L, 15L, 20L, 25L, 30L, 30L}) {
        poll.begin();
        const PollStep step = poll.reply(list_of({}));
        const BootTime next = std::get<GroupSeen>(step).next_at;
        assert_int_equal(poll.seconds_to(next), pause);
        poll.now += seconds{1};
        const PollStep early = poll.poll.on_time(poll.now);
        assert_true(std::get<WaitUntil>(early).at == next);
        poll.now = next;
    }
    // Somebody new: soon, but not at once.
    poll.begin();
    (void)poll.reply(list_of({}));
    poll.now += seconds{3};
    assert_int_equal(poll.seconds_to(poll.poll.hurry(poll.now).at), 7);
    poll.now += seconds{7};
    poll.begin();
    const PollStep step = poll.reply(list_of({}));
    assert_int_equal(poll.seconds_to(std::get<GroupSeen>(step).next_at), 10);
    poll.now += seconds{20};
    assert_int_equal(poll.seconds_to(poll.poll.hurry(poll.now).at), -10);
}

void hosts_part_by_a_tenth(void **)
{
    for (const auto &[random, ms] : {std::pair{0U, 9000L}, std::pair{200U, 11'000L},
                                     std::pair{0xffffffffU, 9000L + (0xffffffffU % 201) * 10L}}) {
        Poll poll;
        poll.begin(random);
        const PollStep step = poll.reply(list_of({}));
        assert_true(std::get<GroupSeen>(step).next_at - poll.now == std::chrono::milliseconds{ms});
    }
}

void what_can_not_be_had_now_is_asked_for_again_inside_the_round(void **)
{
    Poll poll;
    poll.begin();
    const PollStep wait = poll.reply("", 429, "7");
    assert_int_equal(poll.seconds_to(std::get<WaitUntil>(wait).at), 7);
    assert_true(std::holds_alternative<WaitUntil>(poll.poll.on_time(poll.now)));
    // Nobody has asked: this answer is nobody's.
    assert_true(std::holds_alternative<WaitUntil>(poll.reply(list_of({}))));
    poll.now = std::get<WaitUntil>(wait).at;
    sent(poll.poll.on_time(poll.now), all_instances);
    const PollStep again = poll.poll.on_reply(no_reply(Outcome::timed_out), poll.now);
    poll.now = std::get<WaitUntil>(again).at;
    sent(poll.poll.on_time(poll.now), all_instances);
    assert_true(std::holds_alternative<GroupSeen>(poll.reply(list_of({}))));
}

void a_round_that_fails_is_followed_by_later_ones(void **)
{
    Poll poll;
    for (const long pause : {10L, 20L, 40L, 60L, 60L}) {
        poll.begin();
        const PollStep step = poll.reply("", 302);
        assert_int_equal(poll.seconds_to(failed(step, Failure::broken).next_at), pause);
        // Nobody can hurry that.
        assert_int_equal(poll.seconds_to(poll.poll.hurry(poll.now).at), pause);
        poll.now += seconds{pause};
    }
    poll.begin();
    const PollStep step = poll.reply("", 503, "900");
    assert_int_equal(poll.seconds_to(failed(step, Failure::unreachable).next_at), 900);
    poll.now += seconds{900};
    poll.round({});
    poll.begin();
    assert_int_equal(poll.seconds_to(failed(poll.reply("", 302), Failure::broken).next_at), 10);
}

void a_round_has_an_end(void **)
{
    Poll poll;
    poll.begin();
    poll.now += PimGroupPoll::patience;
    failed(poll.poll.on_time(poll.now), Failure::unreachable);
    // Its answer comes too late.
    assert_true(std::holds_alternative<WaitUntil>(poll.reply(list_of({}))));
    Poll slow;
    slow.begin();
    slow.now += PimGroupPoll::patience;
    failed(slow.reply(list_of({})), Failure::unreachable);
}

void each_refusal_has_its_advice(void **)
{
    const auto advice = [](long status, const std::string &code) {
        Poll poll;
        poll.begin();
        const PollStep step = poll.reply(R"({"error":{"code":")" + code + "\"}}", status);
        const PollFailed &fail = failed(step, Failure::misconfigured);
        assert_int_equal(fail.is_token_refused, status == 401);
        return fail.advice;
    };
    const auto has = [](const std::string &text, const char *word) {
        assert_non_null(std::strstr(text.c_str(), word));
    };
    has(advice(401, "InvalidAuthenticationToken"), "token");
    has(advice(403, "Authorization_RequestDenied"), "PrivilegedAssignmentSchedule");
    has(advice(403, "AadPremiumLicenseRequired"), "license");
    has(advice(400, "AadPremiumLicenseRequired"), "license");
    has(advice(404, "ResourceNotFound"), "pim_group");
    has(advice(400, "x"), "pim_group");
    Poll poll;
    poll.begin();
    failed(poll.poll.on_reply(no_reply(Outcome::too_large), poll.now), Failure::broken);
    Poll odd;
    odd.begin();
    failed(odd.reply(list_of({}), 206), Failure::broken);
}

void a_host_that_is_not_trusted_is_tried_a_few_times(void **)
{
    Poll poll;
    PollStep step = poll.begin();
    int tries = 0;
    for (;; ++tries) {
        step = poll.poll.on_reply(no_reply(Outcome::not_trusted), poll.now);
        const auto *wait = std::get_if<WaitUntil>(&step);
        if (wait == nullptr)
            break;
        poll.now = wait->at;
        sent(poll.poll.on_time(poll.now), all_instances);
    }
    failed(step, Failure::not_trusted);
    assert_int_equal(tries, 2);
}

void too_many_members_are_not_read(void **)
{
    Poll poll;
    poll.begin();
    const std::string next = lists + "assignmentScheduleInstances?$skiptoken=2";
    PollStep step = poll.reply("", 503);
    poll.now = std::get<WaitUntil>(step).at;
    step = poll.poll.on_time(poll.now);
    int number = 0;
    for (int page = 0; std::holds_alternative<SendRequest>(step) && page < 5; ++page) {
        std::vector<std::string> entries;
        for (int i = 0; i < 500; ++i) {
            InstanceText one;
            one.schedule = schedule_of(std::to_string(number++));
            entries.push_back(one.text());
        }
        step = poll.reply(list_of(entries, next));
    }
    failed(step, Failure::misconfigured);
}

void what_is_no_group_is_not_asked_for(void **)
{
    for (const char *group : {"", "x' or groupId ne '", "dba"}) {
        PimGroupPoll poll{"graph.microsoft.com", group};
        const BootTime now{seconds{1000}};
        assert_true(std::holds_alternative<NeedToken>(poll.on_time(now)));
        failed(poll.begin(SecretString{"at.at"}, id, 0, now), Failure::misconfigured);
    }
    PimGroupPoll nowhere{"", pim_group};
    const BootTime now{seconds{1000}};
    (void)nowhere.on_time(now);
    failed(nowhere.begin(SecretString{"at.at"}, id, 0, now), Failure::misconfigured);
}

void a_token_is_waited_for(void **)
{
    Poll poll;
    assert_true(std::holds_alternative<NeedToken>(poll.poll.on_time(poll.now)));
    poll.now += seconds{500};
    assert_true(std::holds_alternative<NeedToken>(poll.poll.on_time(poll.now)));
    assert_true(poll.poll.hurry(poll.now).at == poll.now);
    sent(poll.begin(), all_instances);
    // A second round is not begun within the first.
    assert_true(
        std::holds_alternative<WaitUntil>(poll.poll.begin(SecretString{"other"}, id, 0, poll.now)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_is_joined_with_what_was_asked_for),
        cmocka_unit_test(who_is_assigned_for_good_is_seen_as_such_and_no_request_looked_for),
        cmocka_unit_test(owners_are_none_of_it),
        cmocka_unit_test(another_request_is_not_the_activations),
        cmocka_unit_test(two_requests_for_one_activation_are_none),
        cmocka_unit_test(what_is_matched_is_not_looked_for_again),
        cmocka_unit_test(many_people_are_looked_up_in_one_list),
        cmocka_unit_test(pages_are_followed_on_graphs_host_alone),
        cmocka_unit_test(an_endless_history_costs_whose_it_is),
        cmocka_unit_test(an_answer_of_another_group_or_shape_fails_as_a_whole),
        cmocka_unit_test(a_request_of_another_group_or_shape_fails_as_a_whole),
        cmocka_unit_test(a_justification_spoils_nothing),
        cmocka_unit_test(rounds_come_every_ten_seconds_and_later_every_thirty),
        cmocka_unit_test(hosts_part_by_a_tenth),
        cmocka_unit_test(what_can_not_be_had_now_is_asked_for_again_inside_the_round),
        cmocka_unit_test(a_round_that_fails_is_followed_by_later_ones),
        cmocka_unit_test(a_round_has_an_end),
        cmocka_unit_test(each_refusal_has_its_advice),
        cmocka_unit_test(a_host_that_is_not_trusted_is_tried_a_few_times),
        cmocka_unit_test(too_many_members_are_not_read),
        cmocka_unit_test(what_is_no_group_is_not_asked_for),
        cmocka_unit_test(a_token_is_waited_for),
    };
    return cmocka_run_group_tests_name("oidc/pim_group_poll", tests, nullptr, nullptr);
}
