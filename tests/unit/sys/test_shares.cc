// What each user has of a server, as a table of work and times.
#include "tests/unit/cmocka_cpp.h"

#include "lib/sys/shares.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;

namespace {

constexpr BootTime start{100s};
constexpr Shares::Limits limits{2, 20ms, 200ms};

void a_user_has_so_many_connections_and_the_next_one_his_own(void **)
{
    Shares shares{limits};
    for (int i = 0; i < 2; ++i) {
        assert_true(shares.may_connect(1));
        shares.add_connection(1);
    }
    assert_false(shares.may_connect(1));
    assert_true(shares.may_connect(2));
    shares.add_connection(2);
    assert_int_equal(shares.connections(), 3);
    shares.remove_connection(1);
    assert_true(shares.may_connect(1));
    assert_int_equal(shares.connections(), 2);
    // Nobody has fewer than none.
    shares.remove_connection(3);
    assert_int_equal(shares.connections(), 2);
}

void work_at_once_is_allowed_up_to_the_limit(void **)
{
    Shares shares{limits};
    assert_false(shares.charge(1, 20ms, start));
    assert_true(shares.charge(1, 1us, start));
    assert_false(shares.charge(2, 20ms, start));
}

void who_keeps_below_his_part_of_the_time_never_owes_too_much(void **)
{
    Shares shares{limits};
    for (int i = 0; i < 10'000; ++i)
        assert_false(shares.charge(1, 19us, start + i * 100us));
    bool owes = false;
    for (int i = 0; i < 10'000; ++i)
        owes = shares.charge(2, 23us, start + i * 100us) || owes;
    assert_true(owes);
}

void half_of_the_limit_must_be_paid_before_he_goes_on(void **)
{
    Shares shares{limits};
    assert_true(shares.charge(1, 30ms, start));
    assert_false(shares.has_paid(1, start + 99ms));
    assert_true(shares.has_paid(1, start + 100ms));
}

void who_is_held_may_not_connect(void **)
{
    Shares shares{limits};
    shares.set_held(1, true);
    assert_false(shares.may_connect(1));
    assert_true(shares.may_connect(2));
    assert_int_equal(shares.held().size(), 1);
    shares.set_held(1, false);
    assert_true(shares.may_connect(1));
    assert_true(shares.held().empty());
}

void who_owes_is_remembered_until_it_is_paid(void **)
{
    Shares shares{limits};
    (void)shares.charge(1, 20ms, start);
    assert_true(shares.forget(start));
    // Still there: 20 ms are not free for him a second time.
    assert_true(shares.charge(1, 1ms, start));
    assert_false(shares.forget(start + 1s));
}

void without_a_limit_no_work_is_counted(void **)
{
    Shares shares{{2}};
    assert_false(shares.charge(1, 10s, start));
    assert_true(shares.has_paid(1, start));
}

// After years of uptime, for a user who was never seen.
void a_long_time_is_no_debt(void **)
{
    Shares shares{limits};
    const BootTime late = start + std::chrono::hours{24 * 365 * 20};
    assert_false(shares.charge(1, 1ms, late));
    assert_false(shares.forget(late + std::chrono::hours{24 * 365}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_user_has_so_many_connections_and_the_next_one_his_own),
        cmocka_unit_test(work_at_once_is_allowed_up_to_the_limit),
        cmocka_unit_test(who_keeps_below_his_part_of_the_time_never_owes_too_much),
        cmocka_unit_test(half_of_the_limit_must_be_paid_before_he_goes_on),
        cmocka_unit_test(who_is_held_may_not_connect),
        cmocka_unit_test(who_owes_is_remembered_until_it_is_paid),
        cmocka_unit_test(without_a_limit_no_work_is_counted),
        cmocka_unit_test(a_long_time_is_no_debt),
    };
    return cmocka_run_group_tests_name("sys/shares", tests, nullptr, nullptr);
}
