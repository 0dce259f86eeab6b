// Those who sign in to say something of a request: how often anybody may, and the codes that
// webhooks are told of, when they are used up, run out, or can't be had.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "tests/unit/jitd/approving_host.h"
#include "tests/unit/jitd/session_script.h"
#include "tests/unit/jitd/turned_clock.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using jit::test::turned_on;

namespace {

constexpr std::size_t most_tries = limits::requests_in_window;
constexpr uid_t other = 6; // another approver, where a test says so

std::string id_of(std::size_t number)
{
    char id[17];
    (void)snprintf(id, sizeof id, "%016zx", number);
    return id;
}

std::size_t count_of(const Host &host, Event event)
{
    const auto records = host.records();
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(),
                      [&](const AuditRecord &record) { return record.event == event; }));
}

// --- how often
// -----------------------------------------------------------------------------------

// Signs in as often as he may, which nobody reaches the provider for.
std::size_t tries_of(Host &host, uid_t uid, std::string (*say)(Host &, uid_t))
{
    std::size_t tries = 0;
    while (tries <= most_tries && say(host, uid) == "asked")
        ++tries;
    return tries;
}
std::string ask_to_approve(Host &host, uid_t uid)
{
    const std::string said = approve_as(host, uid);
    return said == "denied not-trusted" ? "asked" : said;
}
std::string ask_to_deny(Host &host, uid_t uid)
{
    return deny_as(host, uid);
}

void an_approver_who_tries_again_and_again_is_held_back_and_nobody_else(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.settings.config->users["man"] = other_oid;
    assert_int_equal(tries_of(host, approver, ask_to_approve), most_tries);
    // From whatever connection, and whatever he wants to say.
    assert_text(approve_as(host, approver), "TooMany");
    assert_text(deny_as(host, approver), "TooMany");
    // Another one, and what he has a request of his own for, are not held back by that.
    assert_text(approve_as(host, other), "denied not-trusted");
    assert_text(deny_as(host, other), "asked");
    ipc::RequestCall call;
    call.role = "none";
    const auto replies =
        host.ask_all(ipc::method::request, ipc::encode_request_call(call), approver);
    assert_false(replies.back().error.empty());
    assert_true(fault_name(replies.back()) != "TooMany");
    // When his time is over he may again, and the request waits as it did.
    turned_on += limits::request_window + 1s;
    assert_text(approve_as(host, approver), "denied not-trusted");
    assert_true(host.is_waiting());
}

void denials_are_counted_with_approvals(void **)
{
    if (!is_root_here())
        return;
    Host host;
    for (std::size_t i = 0; i < most_tries / 2; ++i)
        assert_text(approve_as(host, approver), "denied not-trusted");
    assert_int_equal(tries_of(host, approver, ask_to_deny), most_tries - most_tries / 2);
    assert_text(approve_as(host, approver), "TooMany");
}

void he_is_told_when_he_may_try_again(void **)
{
    if (!is_root_here())
        return;
    Host host;
    (void)tries_of(host, approver, ask_to_approve);
    const auto replies =
        host.ask_all(ipc::method::approve, ipc::encode_approve_call({some_id, {}}), approver);
    assert_int_equal(replies.size(), 1);
    const char *const message =
        json_string_value(json_object_get(replies[0].parameters.get(), "message"));
    assert_non_null(message);
    assert_non_null(std::strstr(message, "try again in "));
}

// Whether he is one his sign-in would tell: what he begins is counted as an approver's is.
void who_may_be_an_approver_by_a_group_is_held_back_as_well(void **)
{
    if (!is_root_here())
        return;
    Host host{policy_of("\"group:" + std::string{group_oid} + "\"")};
    assert_int_equal(tries_of(host, stranger, ask_to_approve), most_tries);
    assert_text(approve_as(host, stranger), "TooMany");
    assert_text(approve_as(host, approver), "denied not-trusted");
}

// A stranger has the provider asked for nothing, and fills no ledger.
void a_stranger_gets_no_code_however_often_he_asks_and_few_records(void **)
{
    if (!is_root_here())
        return;
    Host host;
    for (std::size_t i = 0; i < most_tries + 10; ++i)
        for (const uid_t uid : {stranger, again, unknown})
            assert_text(i % 2 == 0 ? approve_as(host, uid) : deny_as(host, uid), "NotPermitted");
    assert_true(host.records().size() <= 3 * limits::refusals_a_minute);
    assert_int_equal(count_of(host, Event::refused), host.records().size());
    // None of it is counted against an approver.
    assert_int_equal(tries_of(host, approver, ask_to_approve), most_tries);
    assert_true(host.is_waiting());
}

// --- codes that webhooks are told of
// -------------------------------------------------------------

std::string form_member(const oidc::HttpRequest &request, std::string_view name)
{
    const std::string form{request.form.reveal()};
    const std::size_t at = ("&" + form).find("&" + std::string{name} + "=");
    if (at == std::string::npos)
        return {};
    const std::size_t begin = at + name.size() + 1;
    return form.substr(begin, std::min(form.find('&', begin), form.size()) - begin);
}

// A daemon with one webhook that wants codes, and a provider of the test's own.
struct Channel : Host {
    explicit Channel(std::size_t requests_ = 1, int quorum = 1)
        : Host{policy_of(users({alice_oid, other_oid}), quorum), {}}
    {
        jit::test::set_wall(world.now);
        policy::Webhook webhook;
        webhook.host = "hooks.example.org";
        webhook.url = "https://hooks.example.org/";
        webhook.format = policy::Webhook::Format::json;
        webhook.events = {"requested"};
        webhook.codes = true;
        settings.config->webhooks = {webhook};
        settings.webhook_keys.resize(1);
        settings.expected = world.expected;
        settings.config->approver_client_id = world.expected.client_id;
        notices->use(settings);
        requests->set_provider(&wire);
        requests->on_waits([this](const Session &session) { approvals->plead(session); });
        began = boot_time();
        for (std::size_t i = 0; i < requests_; ++i) {
            KeptRequest kept = make_kept(id_of(i), "pts/" + std::to_string(i));
            kept.provider = world.expected.issuer + " " + world.expected.client_id;
            kept.facts.deadline = kept.facts.began.boot + life;
            kept.facts.deadline_wall = kept.facts.began.wall + life;
            assert_true(store->put(make_row(kept)).has_value());
        }
    }
    ~Channel()
    {
        approvals->cancel_all("over");
        requests->set_provider(nullptr);
    }
    Channel(const Channel &) = delete;
    Channel &operator=(const Channel &) = delete;

    oidc::HttpReply answer(const oidc::HttpRequest &request)
    {
        if (request.url.find("openid-configuration") != std::string::npos) {
            asked.push_back(std::chrono::duration_cast<seconds>(boot_time() - began));
            return is_away ? oidc::HttpReply{} : reply_of(document_of(world.expected.issuer));
        }
        if (request.url.ends_with("/keys"))
            return reply_of(world.keys_text);
        if (request.url.ends_with("/device")) {
            codes.push_back(std::chrono::duration_cast<seconds>(boot_time() - began));
            if (no_code)
                return reply_of("{}", *no_code);
            const std::string number = std::to_string(codes.size());
            return reply_of("{\"device_code\":\"dev" + number + "\",\"user_code\":\"CODE-" +
                            number + "\",\"expires_in\":" + std::to_string(code_life) +
                            ",\"interval\":5,\"verification_uri\":"
                            "\"https://microsoft.com/devicelogin\"}");
        }
        return poll ? poll(form_member(request, "device_code"))
                    : reply_of(R"({"error":"authorization_pending"})", 400);
    }
    // All that is due is done, asked and answered.
    void settle()
    {
        for (int quiet = 0; quiet < 3;) {
            quiet = sd_event_run(loop.get(), 0) > 0 ? 0 : quiet + 1;
            if (!wire.open.empty() || (hooks && !hooks->open.empty()))
                quiet = 0;
            wire.answer_all([this](const oidc::HttpRequest &one) { return answer(one); });
            if (hooks)
                hooks->answer_all([this](const oidc::HttpRequest &one) {
                    told.push_back(one.json);
                    return reply_of("", 200);
                });
        }
    }
    void begin()
    {
        requests->resume(); // as a daemon does that is started anew
        settle();
    }
    void pass(seconds time)
    {
        for (; time > 0s; time -= 1s) {
            turned_on += 1s;
            settle();
        }
    }
    // Between one try for a code and the next, of each of which the provider is asked some times.
    std::vector<seconds> gaps() const
    {
        std::vector<seconds> made;
        for (std::size_t i = limits::fetch_tries; i < asked.size(); i += limits::fetch_tries)
            made.push_back(asked[i] - asked[i - 1]);
        return made;
    }
    // How often the channel was told of a request with a code, or without one.
    std::size_t count_told(bool with_code) const
    {
        return static_cast<std::size_t>(
            std::count_if(told.begin(), told.end(), [&](const std::string &text) {
                return (text.find("CODE-") != std::string::npos) == with_code;
            }));
    }

    static constexpr seconds life{7200};
    World world;
    GraphWire wire;
    BootTime began{};
    std::vector<seconds> asked, codes; // when, from the beginning
    std::vector<std::string> told;
    bool is_away = false;
    std::optional<long> no_code; // a status instead
    int code_life = 600;
    std::function<oidc::HttpReply(const std::string &device_code)> poll;
};

oidc::HttpReply declined(const std::string &)
{
    return reply_of(R"({"error":"authorization_declined","error_codes":[70018]})", 400);
}

bool is_about(seconds time, seconds expected)
{
    const bool is = time >= expected && time <= expected + 1s;
    if (!is)
        print_error("%lld s, expected %lld\n", static_cast<long long>(time.count()),
                    static_cast<long long>(expected.count()));
    return is;
}

void a_provider_that_is_away_is_asked_again_with_growing_pauses(void **)
{
    Channel channel;
    channel.is_away = true;
    channel.begin();
    assert_int_equal(channel.asked.size(), 1);
    channel.pass(1300s);
    assert_int_equal(channel.asked.size() % limits::fetch_tries, 0);
    const auto gaps = channel.gaps();
    constexpr seconds expected[] = {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s};
    assert_int_equal(gaps.size(), std::size(expected));
    for (std::size_t i = 0; i < gaps.size(); ++i)
        assert_true(is_about(gaps[i], expected[i]));
    assert_true(gaps.back() <= limits::code_again_most + 1s);
    assert_true(channel.is_waiting(id_of(0)));
    // The channel is told of none of it, but that there is no code.
    assert_int_equal(channel.told.size(), 1);
    assert_int_equal(channel.count_told(false), 1);
    // It is back: there is a code, and the next fault begins with the shortest pause.
    channel.is_away = false;
    channel.pass(301s);
    assert_int_equal(channel.codes.size(), 1);
    assert_int_equal(channel.count_told(true), 1);
    channel.poll = declined;
    channel.no_code = 400;
    channel.pass(21s);
    assert_int_equal(channel.codes.size(), 4);
    assert_true(is_about(channel.codes[2] - channel.codes[1], limits::code_again));
    assert_true(is_about(channel.codes[3] - channel.codes[2], 2 * limits::code_again));
}

// A provider that is there, and refuses to make codes.
void a_provider_that_makes_no_code_is_asked_again_with_growing_pauses(void **)
{
    Channel channel;
    channel.no_code = 400;
    channel.begin();
    channel.pass(1300s);
    assert_int_equal(channel.codes.size(), 10);
    for (std::size_t i = 2; i < channel.codes.size(); ++i)
        assert_true(channel.codes[i] - channel.codes[i - 1] >=
                    std::min<seconds>(limits::code_again_most,
                                      channel.codes[i - 1] - channel.codes[i - 2]));
    assert_int_equal(channel.asked.size(), 1); // its document is known
    // Those are on record, no more than so many.
    assert_true(count_of(channel, Event::refused) <= 10);
}

// Whoever was told while nobody could be given a code is told that there is none, once.
void a_new_request_is_told_without_a_code_once_and_with_one_when_there_is_one(void **)
{
    Channel channel;
    channel.is_away = true;
    channel.begin();
    channel.pass(60s);
    assert_int_equal(channel.count_told(false), 1);
    channel.is_away = false;
    channel.pass(300s);
    assert_int_equal(channel.count_told(false), 1);
    assert_int_equal(channel.count_told(true), 1);
}

void a_code_that_is_used_up_is_followed_by_the_next_so_many_times(void **)
{
    Channel channel;
    channel.poll = declined;
    channel.begin();
    channel.pass(1200s);
    assert_int_equal(channel.codes.size(), limits::approvals_by_notice);
    assert_int_equal(channel.count_told(true), limits::approvals_by_notice);
    // Not faster than anybody signs in; and the last one was not followed by another.
    for (std::size_t i = 1; i < channel.codes.size(); ++i)
        assert_true(is_about(channel.codes[i] - channel.codes[i - 1], 5s));
    assert_true(channel.is_waiting(id_of(0)));
    // Nothing is left over that would begin again.
    channel.poll = nullptr;
    channel.pass(limits::code_again_most + 2s);
    assert_int_equal(channel.codes.size(), limits::approvals_by_notice);
}

void a_code_that_runs_out_is_renewed_and_told(void **)
{
    Channel channel;
    channel.begin();
    channel.pass(2000s);
    assert_int_equal(channel.codes.size(), 4); // one in ten minutes
    assert_int_equal(channel.count_told(true), 4);
    // The request's end is theirs.
    channel.pass(Channel::life);
    assert_false(channel.is_waiting(id_of(0)));
    const std::size_t made = channel.codes.size();
    assert_int_equal(made, 12);
    channel.pass(700s);
    assert_int_equal(channel.codes.size(), made);
}

void regress_codes_that_are_over_at_once_are_no_flood(void **)
{
    Channel channel;
    channel.code_life = 0;
    channel.begin();
    channel.pass(300s);
    assert_in_range(channel.codes.size(), 2, 300s / limits::code_again + 1);
    assert_true(channel.told.size() <= channel.codes.size());
}

void what_has_ended_is_not_tried_for_again(void **)
{
    const struct {
        const char *name;
        void (*end)(Channel &);
    } rows[] = {
        {"cancelled",
         [](Channel &channel) {
             assert_true(
                 channel.requests->cancel(id_of(0), ipc::Cause::cancelled, "x").has_value());
         }},
        {"denied",
         [](Channel &channel) {
             assert_true(
                 channel.requests->deny(id_of(0), {other_oid, "x", {}, {}}, "no").has_value());
         }},
        {"the role is gone",
         [](Channel &channel) {
             channel.settings.policy.emplace();
             channel.requests->look_again();
         }},
        {"its time", [](Channel &channel) { channel.pass(Channel::life); }},
    };
    for (const bool is_away : {true, false})
        for (const auto &row : rows) {
            Channel channel;
            channel.is_away = is_away;
            channel.begin();
            channel.pass(40s);
            row.end(channel);
            channel.settle();
            if (channel.is_waiting(id_of(0)))
                print_error("%s\n", row.name);
            assert_false(channel.is_waiting(id_of(0)));
            const std::size_t asked = channel.asked.size() + channel.codes.size();
            channel.pass(700s);
            assert_int_equal(channel.asked.size() + channel.codes.size(), asked);
        }
}

void no_more_codes_are_out_than_there_are_places_and_the_rest_has_them_later(void **)
{
    constexpr std::size_t more = 2;
    Channel channel{limits::notice_codes_at_once + more};
    channel.begin();
    channel.pass(2s);
    assert_int_equal(channel.codes.size(), limits::notice_codes_at_once);
    // Places come free, and are taken when it is looked for them.
    for (std::size_t i = 0; i < more; ++i)
        assert_true(channel.requests->cancel(id_of(i), ipc::Cause::cancelled, "x").has_value());
    channel.settle();
    assert_int_equal(channel.codes.size(), limits::notice_codes_at_once);
    channel.pass(limits::code_again_most + 2s);
    assert_int_equal(channel.codes.size(), limits::notice_codes_at_once + more);
}

// --- what a code is good for
// ---------------------------------------------------------------------

// alice signs in with the first code alone.
void a_code_of_one_request_says_nothing_of_another(void **)
{
    Channel channel{2};
    channel.begin();
    assert_int_equal(channel.codes.size(), 2);
    const std::string token =
        "{\"access_token\":\"at\",\"id_token\":\"" + channel.world.token("entra") + "\"}";
    channel.poll = [&](const std::string &code) {
        return code == "dev1" ? reply_of(token)
                              : reply_of(R"({"error":"authorization_pending"})", 400);
    };
    channel.pass(6s);
    assert_false(channel.is_waiting(id_of(0))); // it goes on to be granted
    assert_true(channel.is_waiting(id_of(1)));
    assert_true(channel.requests->find_approving(id_of(1))->awaited()->given.empty());
    for (const AuditRecord &record : channel.records())
        assert_true(record.event != Event::approved || record.request == id_of(0));
    // Nor does the very token, where somebody has the provider give it out again.
    channel.poll = [&](const std::string &) { return reply_of(token); };
    channel.pass(6s);
    assert_true(channel.is_waiting(id_of(1)));
    assert_true(channel.requests->find_approving(id_of(1))->awaited()->given.empty());
    const auto records = channel.records();
    assert_true(std::any_of(records.begin(), records.end(), [](const AuditRecord &record) {
        return record.request == id_of(1) && record.event == Event::refused &&
               std::string_view{record.rule} == "replayed";
    }));
}

// By the channel, and under each name that she has here.
void one_person_is_one_of_a_quorum_by_whatever_way_she_comes(void **)
{
    if (!is_root_here())
        return;
    Channel channel{1, 2};
    channel.settings.config->users["daemon"] = alice_oid;
    channel.settings.config->users["man"] = alice_oid;
    // Each sign-in has a token of its own.
    std::vector<std::string> tokens{"uti-absent", "uti-most", "entra"};
    channel.poll = [&](const std::string &) {
        const std::string token = channel.world.token(tokens.back());
        if (tokens.size() > 1)
            tokens.pop_back();
        return reply_of("{\"access_token\":\"at\",\"id_token\":\"" + token + "\"}");
    };
    channel.begin();
    channel.pass(6s);
    const auto given = [&] {
        const Session *const session = channel.requests->find_approving(id_of(0));
        assert_non_null(session);
        return session->awaited()->given;
    };
    assert_int_equal(given().size(), 1);
    assert_text(given()[0].oid, alice_oid);
    for (const uid_t uid : {approver, other}) {
        assert_int_equal(seteuid(uid), 0);
        const Fd fd = *sys::connect_unix(channel.path);
        assert_int_equal(seteuid(0), 0);
        const std::string frame = *ipc::encode_call(
            ipc::method::approve, ipc::encode_approve_call({id_of(0), {}}).get(), true, false);
        assert_int_equal(send(fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL), frame.size());
        channel.pass(7s);
        assert_int_equal(given().size(), 1);
    }
    std::size_t approved = 0;
    for (const AuditRecord &record : channel.records())
        approved += record.event == Event::approved ? 1 : 0;
    assert_true(approved >= 3); // each is on record, and none more than "1 of 2"
    assert_true(channel.requests->approve(id_of(0), {other_oid, "x", {}, wall_time()}).has_value());
    assert_false(channel.is_waiting(id_of(0)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_approver_who_tries_again_and_again_is_held_back_and_nobody_else),
        cmocka_unit_test(denials_are_counted_with_approvals),
        cmocka_unit_test(he_is_told_when_he_may_try_again),
        cmocka_unit_test(who_may_be_an_approver_by_a_group_is_held_back_as_well),
        cmocka_unit_test(a_stranger_gets_no_code_however_often_he_asks_and_few_records),
        cmocka_unit_test(a_provider_that_is_away_is_asked_again_with_growing_pauses),
        cmocka_unit_test(a_provider_that_makes_no_code_is_asked_again_with_growing_pauses),
        cmocka_unit_test(a_new_request_is_told_without_a_code_once_and_with_one_when_there_is_one),
        cmocka_unit_test(a_code_that_is_used_up_is_followed_by_the_next_so_many_times),
        cmocka_unit_test(a_code_that_runs_out_is_renewed_and_told),
        cmocka_unit_test(regress_codes_that_are_over_at_once_are_no_flood),
        cmocka_unit_test(what_has_ended_is_not_tried_for_again),
        cmocka_unit_test(no_more_codes_are_out_than_there_are_places_and_the_rest_has_them_later),
        cmocka_unit_test(a_code_of_one_request_says_nothing_of_another),
        cmocka_unit_test(one_person_is_one_of_a_quorum_by_whatever_way_she_comes),
    };
    return cmocka_run_group_tests_name("jitd/approvals", tests, nullptr, nullptr);
}
