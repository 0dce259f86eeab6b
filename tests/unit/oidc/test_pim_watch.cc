#include "tests/unit/cmocka_cpp.h"

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
    };
    return cmocka_run_group_tests_name("oidc/pim_watch", tests, nullptr, nullptr);
}
