// When the provider's configuration and keys are fetched, with a client and clocks of the test's
// own.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/provider_cache.h"
#include "jitd/provider_fetch.h"
#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using oidc::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = oidc::HttpReply::Outcome;

namespace {

// --- one document ---

BootTime at(long second)
{
    return BootTime{seconds{second}};
}

void a_lost_fetch_is_sent_again_twice_and_then_rests_ever_longer(void **)
{
    ProviderFetch fetch{""};
    BootTime now = at(1000);
    for (const long rest : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
        assert_true(fetch.may_begin(now));
        assert_true(fetch.begin());
        assert_false(fetch.begin());
        for (const long pause : {1, 2}) {
            const auto again = fetch.on_lost(seconds{0}, now);
            assert_true(again == now + seconds{pause} && fetch.next_at() == again);
            assert_true(fetch.is_going() && fetch.may_begin(now) && !fetch.begin());
            assert_false(fetch.on_time(*again - milliseconds{1}));
            assert_true(fetch.on_time(*again));
            assert_false(fetch.on_time(*again) || fetch.next_at());
            now = *again;
        }
        assert_false(fetch.on_lost(seconds{0}, now).has_value());
        assert_false(fetch.is_going() || fetch.may_begin(now + seconds{rest} - milliseconds{1}));
        now += seconds{rest};
    }
    // An answer forgets all that.
    assert_true(fetch.begin());
    fetch.on_good();
    assert_true(fetch.may_begin(now) && fetch.begin());
    fetch.on_bad(now);
    assert_false(fetch.may_begin(now + seconds{4}));
    assert_true(fetch.may_begin(now + seconds{5}));
}

void what_the_provider_asks_for_is_waited_for_within_reason(void **)
{
    ProviderFetch fetch{""};
    assert_true(fetch.begin());
    assert_true(fetch.on_lost(seconds{7}, at(0)) == at(7));
    assert_true(fetch.on_time(at(7)));
    assert_true(fetch.on_lost(limits::fetch_wait, at(7)) == at(7) + limits::fetch_wait);
    ProviderFetch other{""};
    assert_true(other.begin());
    assert_false(other.on_lost(limits::fetch_wait + seconds{1}, at(0)).has_value());
    assert_false(other.is_going());
}

void pauses_are_spread_by_the_seed(void **)
{
    const auto pause = [](std::string_view seed) {
        ProviderFetch fetch{seed};
        (void)fetch.begin();
        return *fetch.on_lost(seconds{30}, at(0)) - at(0);
    };
    assert_true(pause("a") == pause("a") && pause("a") != pause("b"));
    for (const char *seed : {"a", "b", "c"})
        assert_true(pause(seed) >= seconds{30} && pause(seed) <= seconds{33});
}

// --- the cache ---

class FakeClient final : public net::HttpClient
{
  public:
    Transfer send(oidc::HttpRequest request, Done done) override
    {
        urls.push_back(request.url);
        waiting.push_back(std::move(done));
        return urls.size();
    }
    void cancel(Transfer) override {}
    void answer(oidc::HttpReply reply)
    {
        const Done done = std::move(waiting.front());
        waiting.erase(waiting.begin());
        done(std::move(reply));
    }
    std::vector<std::string> urls;
    std::vector<Done> waiting;
};

using Said = std::shared_ptr<std::string>;

std::string number_of(Failure failure)
{
    return std::to_string(static_cast<int>(failure));
}

struct Cache {
    // What the cache found: "found", or the failure's number.
    std::string provider(BootTime now, Patience patience = {})
    {
        const auto said = std::make_shared<std::string>("nothing");
        cache.find_party(
            now, Purpose::request,
            [said](const std::shared_ptr<const oidc::Party> &found, Failure failure, const char *) {
                *said = found ? "found" : number_of(failure);
            },
            std::move(patience));
        last = said;
        return *said;
    }
    // The same, with the first key's id.
    std::string keys(BootTime now, bool refresh, Patience patience = {})
    {
        const auto said = std::make_shared<std::string>("nothing");
        cache.find_keys(
            now, refresh,
            [said](const oidc::KeySet *found, Failure failure) {
                *said = found ? found->keys.at(0).kid : number_of(failure);
            },
            std::move(patience));
        last = said;
        return *said;
    }
    // Until who waits is told, with the same reply to each try; how often it was sent.
    std::size_t lose_all(const oidc::HttpReply &reply)
    {
        std::size_t sent = 0;
        while (!client.waiting.empty()) {
            ++sent;
            client.answer(copy_of(reply));
            cache.on_time(wakes_at);
        }
        return sent;
    }
    static oidc::HttpReply copy_of(const oidc::HttpReply &reply)
    {
        oidc::HttpReply copy;
        copy.outcome = reply.outcome;
        copy.distrust = reply.distrust;
        copy.status = reply.status;
        copy.body = SecretString{reply.body.reveal()};
        copy.retry_after = reply.retry_after;
        return copy;
    }
    oidc::HttpReply document() const
    {
        const std::string site = "https://login.microsoftonline.com/";
        return test::reply_of("{\"issuer\":\"" + world.expected.issuer +
                              "\",\"device_authorization_endpoint\":\"" + site +
                              "device\",\"token_endpoint\":\"" + site + "token\",\"jwks_uri\":\"" +
                              site + "keys\"}");
    }
    static oidc::HttpReply set_of(const std::string &kid)
    {
        std::string modulus(342, 'A');
        modulus[0] = '_';
        return test::reply_of(R"({"keys":[{"kty":"RSA","use":"sig","kid":")" + kid + R"(","n":")" +
                              modulus + R"(","e":"AQAB"}]})");
    }
    // As it is while people sign in: both are there.
    void fill()
    {
        (void)provider(boot_time());
        client.answer(document());
        (void)keys(boot_time(), false);
        client.answer(set_of("old"));
        assert_text(keys(boot_time(), false), "old");
    }
    std::size_t sent() const { return client.urls.size(); }

    test::World world;
    FakeClient client;
    BootTime wakes_at{};
    ProviderCache cache{client, world.expected, "", [this](BootTime at) { wakes_at = at; }, ""};
    Said last;
};

oidc::HttpReply no_reply(Outcome outcome)
{
    oidc::HttpReply reply;
    reply.outcome = outcome;
    return reply;
}

void one_fetch_serves_all_who_wait_and_those_after(void **)
{
    Cache c;
    const BootTime now = boot_time();
    assert_text(c.provider(now), "nothing");
    const auto first = c.last;
    assert_text(c.provider(now), "nothing");
    assert_int_equal(c.client.urls.size(), 1);
    assert_text(c.client.urls[0], c.world.expected.discovery_url);
    c.client.answer(c.document());
    assert_text(*first, "found");
    assert_text(*c.last, "found");
    assert_text(c.provider(now + seconds{60}), "found");
    assert_int_equal(c.client.urls.size(), 1);
    // What is old is fetched behind the back of who asks, by one fetch.
    for (int i = 0; i < 2; ++i)
        assert_text(c.provider(now + limits::provider_age + seconds{5}), "found");
    assert_int_equal(c.client.urls.size(), 2);
    c.client.answer(c.document());
    // What is very old is not believed before it was fetched anew.
    assert_text(c.provider(boot_time() + limits::provider_life + seconds{5}), "nothing");
    assert_int_equal(c.client.urls.size(), 3);
}

void lost_answers_are_asked_for_again_while_who_waits_is_told(void **)
{
    Cache c;
    std::vector<BootTime> told;
    const auto put_off = [&](BootTime again) { told.push_back(again); };
    const BootTime now = boot_time();
    assert_text(c.provider(now, {now + seconds{60}, put_off}), "nothing");
    const auto first = c.last;
    c.client.answer(no_reply(Outcome::timed_out));
    assert_text(*first, "nothing");
    assert_int_equal(told.size(), 1);
    assert_true(told[0] == c.wakes_at && c.wakes_at >= now + seconds{1});
    // Who comes in between hears the same, and waits for the same try.
    assert_text(c.provider(now, {now + seconds{60}, put_off}), "nothing");
    assert_int_equal(told.size(), 2);
    assert_int_equal(c.sent(), 1);
    c.cache.on_time(c.wakes_at - milliseconds{1});
    assert_int_equal(c.sent(), 1);
    c.cache.on_time(c.wakes_at);
    assert_int_equal(c.sent(), 2);
    c.client.answer(test::reply_of("", 503));
    assert_int_equal(told.size(), 4);
    c.cache.on_time(c.wakes_at);
    c.client.answer(c.document());
    assert_int_equal(c.sent(), 3);
    assert_text(*first, "found");
    assert_text(*c.last, "found");
}

void three_tries_in_vain_are_the_end_and_the_next_who_asks_has_three_of_his_own(void **)
{
    for (const bool is_for_keys : {false, true}) {
        Cache c;
        if (is_for_keys) {
            (void)c.provider(boot_time());
            c.client.answer(c.document());
        }
        for (const auto &reply : {no_reply(Outcome::unreachable), no_reply(Outcome::timed_out)}) {
            (void)(is_for_keys ? c.keys(boot_time(), false) : c.provider(boot_time()));
            assert_int_equal(c.lose_all(reply), 3);
            assert_text(*c.last, number_of(Failure::unreachable));
        }
    }
}

void who_would_not_be_there_at_the_next_try_hears_at_once(void **)
{
    Cache c;
    const BootTime now = boot_time();
    assert_text(c.provider(now, {now + milliseconds{900}, {}}), "nothing");
    const auto hasty = c.last;
    assert_text(c.provider(now, {now + seconds{900}, {}}), "nothing");
    const auto patient = c.last;
    c.client.answer(no_reply(Outcome::unreachable));
    assert_text(*hasty, number_of(Failure::unreachable));
    assert_text(*patient, "nothing");
    // Also who comes while it pauses.
    assert_text(c.provider(now, {now + milliseconds{900}, {}}), number_of(Failure::unreachable));
    c.cache.on_time(c.wakes_at);
    // Longer than anybody is kept waiting.
    oidc::HttpReply later = test::reply_of("", 429);
    later.retry_after = "99999";
    c.client.answer(std::move(later));
    assert_text(*patient, number_of(Failure::unreachable));
    assert_int_equal(c.sent(), 2);
}

void what_is_old_serves_on_while_the_provider_is_away_but_not_past_a_wrong_answer(void **)
{
    Cache c;
    const BootTime now = boot_time();
    (void)c.provider(now);
    c.client.answer(c.document());
    const BootTime old = now + limits::provider_life + seconds{5};
    assert_text(c.provider(old), "nothing");
    assert_int_equal(c.lose_all({}), 3);
    assert_text(*c.last, "found");
    // Soon after that nobody waits for it again.
    assert_text(c.provider(boot_time() + seconds{1}), "found");
    assert_int_equal(c.sent(), 4);
    (void)c.provider(old);
    c.client.answer(test::reply_of("{\"issuer\":\"https://evil.example\"}"));
    assert_text(*c.last, number_of(Failure::unfit));
    (void)c.provider(old);
    assert_text(*c.last, "nothing");
}

void a_senseless_answer_behind_the_back_costs_nobody_anything(void **)
{
    for (const auto &[body, status] :
         {std::pair{"<html>wait</html>", 200L}, {"", 404L}, {"{\"issuer\":\"x\"}", 200L}}) {
        Cache c;
        c.fill();
        const BootTime later = boot_time() + limits::provider_age + seconds{5};
        assert_text(c.provider(later), "found");
        c.client.answer(test::reply_of(body, status));
        assert_text(c.provider(later + seconds{3600}), "found");
        assert_text(c.keys(later, false), "old");
        c.client.answer(test::reply_of(body, status));
        assert_text(c.keys(later, false), "old");
    }
}

void what_is_fetched_behind_the_back_rests_after_it_was_lost(void **)
{
    Cache c;
    c.fill();
    const BootTime later = boot_time() + limits::provider_age + seconds{5};
    const std::size_t before = c.sent();
    (void)c.provider(later);
    assert_int_equal(c.lose_all({}), 3);
    assert_int_equal(c.sent(), before + 3);
    // The test's replies come now, so this is soon after.
    assert_true(boot_time() < later);
    assert_text(c.provider(later), "found");
    assert_int_equal(c.sent(), before + 4);
}

void each_way_of_failing_has_its_name_and_the_final_ones_are_told_at_once(void **)
{
    struct Row {
        oidc::HttpReply reply;
        Failure failure;
        std::size_t tries;
    };
    Row rows[] = {{{}, Failure::unreachable, 3},
                  {{}, Failure::not_trusted, 1},
                  {test::reply_of("{}", 400), Failure::misconfigured, 1},
                  {test::reply_of("{}", 503), Failure::unreachable, 3},
                  {test::reply_of("", 408), Failure::unreachable, 3},
                  {test::reply_of("{}", 302), Failure::broken, 1},
                  {test::reply_of("{}", 200), Failure::unfit, 1}};
    rows[1].reply.outcome = Outcome::not_trusted;
    for (const Row &row : rows) {
        Cache c;
        (void)c.provider(boot_time());
        assert_int_equal(c.lose_all(row.reply), row.tries);
        assert_text(*c.last, number_of(row.failure));
    }
}

void a_missing_key_is_fetched_for_once_in_a_while(void **)
{
    Cache c;
    assert_text(c.keys(boot_time(), false), number_of(Failure::unreachable));
    c.fill();
    const std::size_t before = c.sent();
    assert_text(c.keys(boot_time(), true), "nothing");
    c.client.answer(Cache::set_of("old"));
    assert_text(*c.last, "old");
    // However many tokens name keys that nobody has.
    for (int i = 0; i < 100; ++i)
        assert_text(c.keys(boot_time(), true), "old");
    assert_text(c.keys(boot_time() + limits::refetch_pause - seconds{1}, true), "old");
    assert_int_equal(c.sent(), before + 1);
    assert_text(c.keys(boot_time() + limits::refetch_pause, true), "nothing");
    assert_int_equal(c.sent(), before + 2);
}

void two_who_miss_the_same_new_key_both_get_it(void **)
{
    Cache c;
    c.fill();
    const std::size_t before = c.sent();
    assert_text(c.keys(boot_time(), true), "nothing");
    const auto first = c.last;
    assert_text(c.keys(boot_time(), true), "nothing");
    const auto second = c.last;
    // Who misses none is served meanwhile.
    assert_text(c.keys(boot_time(), false), "old");
    assert_int_equal(c.sent(), before + 1);
    c.client.answer(Cache::set_of("new"));
    assert_text(*first, "new");
    assert_text(*second, "new");
}

void a_key_that_is_missing_while_keys_are_fetched_anyway_comes_with_them(void **)
{
    Cache c;
    c.fill();
    const std::size_t before = c.sent();
    const BootTime later = boot_time() + limits::provider_age + seconds{5};
    assert_text(c.keys(later, false), "old");
    assert_text(c.keys(later, true), "nothing");
    assert_int_equal(c.sent(), before + 1);
    c.client.answer(Cache::set_of("new"));
    assert_text(*c.last, "new");
    // And that was the look for it.
    assert_text(c.keys(boot_time(), true), "new");
    assert_int_equal(c.sent(), before + 1);
}

void a_lost_look_for_a_key_denies_nobody_for_long(void **)
{
    Cache c;
    c.fill();
    const std::size_t before = c.sent();
    // One answer that is lost costs nobody anything.
    assert_text(c.keys(boot_time(), true), "nothing");
    c.client.answer(no_reply(Outcome::unreachable));
    c.cache.on_time(c.wakes_at);
    c.client.answer(Cache::set_of("new"));
    assert_text(*c.last, "new");
    assert_int_equal(c.sent(), before + 2);

    // All of them lost: the old set, a short pause, and a flood of tokens causes no more than that.
    Cache d;
    d.fill();
    assert_text(d.keys(boot_time(), true), "nothing");
    const std::size_t then = d.sent();
    assert_int_equal(d.lose_all({}), 3);
    assert_text(*d.last, "old");
    for (int i = 0; i < 100; ++i)
        assert_text(d.keys(boot_time() + seconds{2}, true), "old");
    assert_int_equal(d.sent(), then + 2);
    assert_text(d.keys(boot_time() + limits::fetch_rest, true), "nothing");
    d.client.answer(Cache::set_of("new"));
    assert_text(*d.last, "new");
}

void a_flood_of_unknown_keys_against_a_provider_that_is_away_causes_few_fetches(void **)
{
    ProviderFetch fetch{""};
    int sent = 0;
    // Ten a second for five minutes.
    for (BootTime now = at(1000); now < at(1300); now += milliseconds{100}) {
        const bool is_new = !fetch.is_going() && fetch.may_begin(now) && fetch.begin();
        if (is_new || fetch.on_time(now)) {
            ++sent;
            (void)fetch.on_lost(seconds{0}, now);
        }
    }
    assert_true(sent <= 18);
}

void keys_whose_place_is_forgotten_are_not_waited_for(void **)
{
    Cache c;
    const BootTime now = boot_time();
    (void)c.provider(now);
    c.client.answer(c.document());
    assert_text(c.keys(now, false), "nothing");
    const auto said = c.last;
    c.client.answer({});
    const BootTime retry_at = c.wakes_at;
    // The configuration is past its life meanwhile, and is another one's.
    (void)c.provider(now + limits::provider_life + seconds{5});
    c.client.answer(test::reply_of("{\"issuer\":\"https://evil.example\"}"));
    c.cache.on_time(retry_at);
    assert_text(*said, number_of(Failure::unreachable));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_fetch_is_sent_again_twice_and_then_rests_ever_longer),
        cmocka_unit_test(what_the_provider_asks_for_is_waited_for_within_reason),
        cmocka_unit_test(pauses_are_spread_by_the_seed),
        cmocka_unit_test(one_fetch_serves_all_who_wait_and_those_after),
        cmocka_unit_test(lost_answers_are_asked_for_again_while_who_waits_is_told),
        cmocka_unit_test(
            three_tries_in_vain_are_the_end_and_the_next_who_asks_has_three_of_his_own),
        cmocka_unit_test(who_would_not_be_there_at_the_next_try_hears_at_once),
        cmocka_unit_test(
            what_is_old_serves_on_while_the_provider_is_away_but_not_past_a_wrong_answer),
        cmocka_unit_test(a_senseless_answer_behind_the_back_costs_nobody_anything),
        cmocka_unit_test(what_is_fetched_behind_the_back_rests_after_it_was_lost),
        cmocka_unit_test(each_way_of_failing_has_its_name_and_the_final_ones_are_told_at_once),
        cmocka_unit_test(a_missing_key_is_fetched_for_once_in_a_while),
        cmocka_unit_test(two_who_miss_the_same_new_key_both_get_it),
        cmocka_unit_test(a_key_that_is_missing_while_keys_are_fetched_anyway_comes_with_them),
        cmocka_unit_test(a_lost_look_for_a_key_denies_nobody_for_long),
        cmocka_unit_test(
            a_flood_of_unknown_keys_against_a_provider_that_is_away_causes_few_fetches),
        cmocka_unit_test(keys_whose_place_is_forgotten_are_not_waited_for),
    };
    return cmocka_run_group_tests_name("jitd/provider_fetch", tests, nullptr, nullptr);
}
