#include "tests/unit/cmocka_cpp.h"

#include <map>
#include <string>

#include "jit_grantd/spread.h"

using namespace jit;
using namespace jit::grantd;
using namespace std::chrono_literals;

namespace {

std::string id_of(unsigned number)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016x", number);
    return text;
}

void the_first_eight_of_a_second_are_exact(void **)
{
    for (std::size_t exact = 0; exact < 8; ++exact)
        assert_true(late_by(exact, id_of(7)) == 0s);
    assert_true(late_by(8, id_of(7)) > 0s);
}

void the_rest_come_5_to_35_s_later_and_not_all_at_once(void **)
{
    std::map<std::chrono::seconds, unsigned> in_second;
    for (unsigned i = 0; i < 992; ++i) {
        const auto late = late_by(8 + i % 3, id_of(i));
        assert_true(late >= 5s && late <= 35s);
        ++in_second[late];
    }
    assert_int_equal(in_second.size(), 31);
    for (const auto &[late, count] : in_second)
        assert_in_range(count, 1, 64); // twice the even share
}

void how_late_is_told_by_the_id_alone(void **)
{
    assert_true(late_by(8, id_of(1)) == late_by(1000, id_of(1)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_eight_of_a_second_are_exact),
        cmocka_unit_test(the_rest_come_5_to_35_s_later_and_not_all_at_once),
        cmocka_unit_test(how_late_is_told_by_the_id_alone),
    };
    return cmocka_run_group_tests_name("jit_grantd/spread", tests, nullptr, nullptr);
}
