#include "tests/unit/cmocka_cpp.h"

#include <random>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "lib/oidc/pim_watch.h"
#include "tests/unit/oidc/pim_texts.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr WallTime noon{seconds{1'800'000'000}};
constexpr const char *token = "BCDFGHJKM";

// Asked for a minute ago, activated half a minute ago.
Activation activation()
{
    Activation one;
    one.principal = pim_alice;
    one.schedule = schedule_of("s1");
    one.request = "r1";
    one.asked = noon - seconds{31};
    one.began = noon - seconds{30};
    one.until = noon + seconds{3600};
    one.justification = "INC-7 bcdfghjkm";
    one.is_activated = true;
    return one;
}

WatchAsk asking()
{
    WatchAsk ask;
    ask.oid = pim_alice;
    ask.request_began = noon - seconds{60};
    ask.token = token;
    ask.now = noon;
    return ask;
}

void expect(const Activation &one, const WatchAsk &ask, WatchRefusal why)
{
    const WatchVerdict verdict = find_activation({one}, ask);
    assert_int_equal(static_cast<int>(verdict.why), static_cast<int>(why));
    assert_true(verdict.found.has_value() == (why == WatchRefusal::none));
    assert_true((std::string{explain(why)} == "") == (why == WatchRefusal::none));
    assert_text(safe_text(explain(why), 512), explain(why));
}

void an_activation_after_the_request_with_its_token_counts(void **)
{
    expect(activation(), asking(), WatchRefusal::none);
    assert_text(find_activation({activation()}, asking()).found->request, "r1");
}

void nobody_elses_activation_counts(void **)
{
    Activation one = activation();
    one.principal = pim_bob;
    expect(one, asking(), WatchRefusal::absent);
    WatchAsk ask = asking();
    ask.oid = "";
    one.principal = "";
    expect(one, ask, WatchRefusal::absent);
    assert_int_equal(static_cast<int>(find_activation({}, asking()).why),
                     static_cast<int>(WatchRefusal::absent));
}

void a_permanent_member_does_not_count(void **)
{
    Activation one = activation();
    one.is_activated = false;
    expect(one, asking(), WatchRefusal::assigned);
}

void an_activation_that_nobody_asked_for_himself_does_not_count(void **)
{
    Activation one = activation();
    one.request = "";
    expect(one, asking(), WatchRefusal::unasked);
}

void an_activation_older_than_the_request_counts_within_the_window_alone(void **)
{
    Activation one = activation();
    WatchAsk ask = asking();
    one.asked = one.began = ask.request_began;
    expect(one, ask, WatchRefusal::none);
    one.asked = one.began = ask.request_began - seconds{1};
    expect(one, ask, WatchRefusal::too_old);
    ask.skew = seconds{1};
    expect(one, ask, WatchRefusal::none);
    one.asked = one.began = ask.request_began - seconds{301};
    expect(one, ask, WatchRefusal::too_old);
    ask.window = seconds{300};
    expect(one, ask, WatchRefusal::none);
    one.asked = one.began = ask.request_began - seconds{302};
    expect(one, ask, WatchRefusal::too_old);
}

void one_that_was_planned_before_the_request_is_not_new(void **)
{
    Activation one = activation();
    one.asked = asking().request_began - seconds{86'400};
    expect(one, asking(), WatchRefusal::too_old);
}

void one_that_is_over_or_to_come_does_not_count(void **)
{
    Activation one = activation();
    one.until = noon;
    expect(one, asking(), WatchRefusal::over);
    one = activation();
    one.began = noon + seconds{3};
    expect(one, asking(), WatchRefusal::not_yet);
    WatchAsk ask = asking();
    ask.skew = seconds{3};
    expect(one, ask, WatchRefusal::none);
}

void one_serves_one_request(void **)
{
    WatchAsk ask = asking();
    ask.used = {"r1"};
    expect(activation(), ask, WatchRefusal::used);
    ask.used = {schedule_of("s1")};
    expect(activation(), ask, WatchRefusal::used);
    ask.used = {"r2", schedule_of("s2")};
    expect(activation(), ask, WatchRefusal::none);
}

void without_the_token_it_counts_where_none_is_bound_alone(void **)
{
    Activation one = activation();
    one.justification = "INC-7";
    expect(one, asking(), WatchRefusal::no_token);
    one.justification = "";
    expect(one, asking(), WatchRefusal::no_token);
    WatchAsk ask = asking();
    ask.token = "";
    expect(one, ask, WatchRefusal::none);
}

void of_several_the_closest_says_why_and_the_longest_counts(void **)
{
    Activation assigned = activation();
    assigned.is_activated = false;
    Activation tokenless = activation();
    tokenless.justification = "";
    Activation old = activation();
    old.asked = noon - seconds{9999};
    const WatchVerdict none = find_activation({tokenless, assigned, old}, asking());
    assert_int_equal(static_cast<int>(none.why), static_cast<int>(WatchRefusal::no_token));
    Activation longer = activation();
    longer.schedule = schedule_of("s2");
    longer.until += seconds{1};
    const WatchVerdict one =
        find_activation({assigned, activation(), longer, activation(), tokenless}, asking());
    assert_int_equal(static_cast<int>(one.why), static_cast<int>(WatchRefusal::none));
    assert_text(one.found->schedule, schedule_of("s2"));
}

void a_live_activation_is_there_until_its_end_of_now(void **)
{
    std::vector<Activation> all{activation()};
    assert_true(is_still_there(all, pim_alice, schedule_of("s1")) == noon + seconds{3600});
    all[0].until = noon + seconds{60};
    assert_true(is_still_there(all, pim_alice, schedule_of("s1")) == noon + seconds{60});
    assert_false(is_still_there(all, pim_bob, schedule_of("s1")).has_value());
    assert_false(is_still_there(all, pim_alice, schedule_of("s2")).has_value());
    assert_false(is_still_there(all, pim_alice, "").has_value());
    assert_false(is_still_there({}, pim_alice, schedule_of("s1")).has_value());
    all[0].is_activated = false;
    assert_false(is_still_there(all, pim_alice, schedule_of("s1")).has_value());
    all[0].schedule = "";
    assert_false(is_still_there(all, pim_alice, "").has_value());
}

void a_token_is_short_plain_and_never_twice(void **)
{
    std::set<std::string> made;
    std::set<char> used;
    for (std::uint8_t i = 0; i < 255; ++i) {
        const std::string one =
            make_watch_token({i, 1, 2, static_cast<std::uint8_t>(i * 7), 4, 5, 6, i});
        assert_int_equal(one.size(), 9);
        assert_true(one.find_first_of("01AEIOULaeioul") == std::string::npos);
        assert_true(has_watch_token("x " + one, one));
        made.insert(one);
        used.insert(one.begin(), one.end());
    }
    assert_int_equal(made.size(), 255);
    assert_int_equal(used.size(), 28);
    assert_text(make_watch_token({}), "222222222");
}

void a_token_is_a_word_of_its_own_in_any_case(void **)
{
    for (const char *text : {"BCDFGHJKM", "bcdfghjkm", "INC-7: BcDfGhJkM.", "(BCDFGHJKM)",
                             "xBCDFGHJKM BCDFGHJKM", "a\nBCDFGHJKM\n",
                             "\xe2\x80\x9c"
                             "BCDFGHJKM\xe2\x80\x9d",
                             "-BCDFGHJKM_"})
        assert_true(has_watch_token(text, token));
    for (const char *text : {"", "BCDFGHJK", "xBCDFGHJKM", "BCDFGHJKM2", "BCDF GHJKM", "BCDFGHJK M",
                             "2BCDFGHJKMx BCDFGHJK"})
        assert_false(has_watch_token(text, token));
    assert_false(has_watch_token("a b", ""));
}

// --- properties ----------------------------------------------------------------------------------

struct Situation {
    std::vector<Activation> activations;
    WatchAsk ask;
};

// Always the same: from so few times, people and words that they often meet.
Situation make_situation(std::mt19937 &random)
{
    const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
    const auto around = [&](unsigned spread) {
        return noon + seconds{below(2 * spread)} - seconds{spread};
    };
    Situation made;
    for (unsigned left = 1 + below(4); left > 0; --left) {
        Activation one = activation();
        one.principal = below(4) == 0 ? pim_bob : pim_alice;
        one.schedule = schedule_of("s" + std::to_string(below(3)));
        one.request = below(8) == 0 ? "" : "r" + std::to_string(below(3));
        one.asked = around(600);
        one.began = one.asked + seconds{below(60)};
        one.until = one.began + seconds{below(1200)};
        const char *const texts[] = {"INC-7 bcdfghjkm", "BCDFGHJKM", "INC-7", "xBCDFGHJKM", ""};
        one.justification = texts[below(5)];
        one.is_activated = below(6) != 0;
        made.activations.push_back(one);
    }
    made.ask = asking();
    made.ask.request_began = around(600);
    made.ask.window = seconds{below(3) == 0 ? 0 : below(900)};
    made.ask.skew = seconds{below(3) == 0 ? below(120) : 0};
    made.ask.token = below(2) == 0 ? token : "";
    if (below(2) == 0)
        made.ask.used = {"r" + std::to_string(below(3)),
                         schedule_of("s" + std::to_string(below(6)))};
    return made;
}

bool counts(const Situation &situation)
{
    return find_activation(situation.activations, situation.ask).found.has_value();
}

// Each of these asks for more, or shows less.
void narrow(Situation &situation, unsigned way)
{
    WatchAsk &ask = situation.ask;
    switch (way) {
    case 0:
        ask.window /= 2;
        break;
    case 1:
        ask.window = seconds{0};
        break;
    case 2:
        ask.token = token;
        break;
    case 3:
        ask.request_began += seconds{61};
        break;
    case 4:
        ask.skew = seconds{0};
        break;
    case 5:
        ask.used.insert("r1");
        break;
    case 6:
        ask.used.insert(schedule_of("s1"));
        break;
    default:
        situation.activations.pop_back();
        break;
    }
}

void nothing_counts_past_its_end_its_window_or_its_token_and_nothing_twice(void **)
{
    std::mt19937 random{7};
    constexpr unsigned situations = 20'000;
    unsigned found = 0, narrowed = 0;
    for (unsigned i = 0; i < situations; ++i) {
        const Situation made = make_situation(random);
        const WatchVerdict verdict = find_activation(made.activations, made.ask);
        for (unsigned way = 0; way < 8; ++way) {
            Situation narrower = made;
            narrow(narrower, way);
            assert_true(verdict.found || !counts(narrower));
            narrowed += verdict.found && !counts(narrower) ? 1 : 0;
        }
        if (!verdict.found)
            continue;
        ++found;
        const WatchAsk &ask = made.ask;
        const Activation &one = *verdict.found;
        assert_text(one.principal, pim_alice);
        assert_true(one.is_activated && !one.request.empty());
        assert_true(one.until > ask.now && one.began <= ask.now + ask.skew);
        assert_true(one.asked >= ask.request_began - ask.window - ask.skew);
        assert_true(one.began >= ask.request_began - ask.window - ask.skew);
        assert_true(!ask.used.contains(one.request) && !ask.used.contains(one.schedule));
        assert_true(ask.token.empty() || one.justification == "BCDFGHJKM" ||
                    one.justification == "INC-7 bcdfghjkm");
        // The next request finds none of it.
        Situation next = made;
        next.ask.used.insert({one.request, one.schedule});
        const WatchVerdict again = find_activation(next.activations, next.ask);
        assert_true(!again.found ||
                    (again.found->request != one.request && again.found->schedule != one.schedule));
    }
    assert_true(found > situations / 16 && narrowed > situations / 16);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_after_the_request_with_its_token_counts),
        cmocka_unit_test(nobody_elses_activation_counts),
        cmocka_unit_test(a_permanent_member_does_not_count),
        cmocka_unit_test(an_activation_that_nobody_asked_for_himself_does_not_count),
        cmocka_unit_test(an_activation_older_than_the_request_counts_within_the_window_alone),
        cmocka_unit_test(one_that_was_planned_before_the_request_is_not_new),
        cmocka_unit_test(one_that_is_over_or_to_come_does_not_count),
        cmocka_unit_test(one_serves_one_request),
        cmocka_unit_test(without_the_token_it_counts_where_none_is_bound_alone),
        cmocka_unit_test(of_several_the_closest_says_why_and_the_longest_counts),
        cmocka_unit_test(a_live_activation_is_there_until_its_end_of_now),
        cmocka_unit_test(a_token_is_short_plain_and_never_twice),
        cmocka_unit_test(a_token_is_a_word_of_its_own_in_any_case),
        cmocka_unit_test(nothing_counts_past_its_end_its_window_or_its_token_and_nothing_twice),
    };
    return cmocka_run_group_tests_name("oidc/pim_watch", tests, nullptr, nullptr);
}
