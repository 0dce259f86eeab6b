#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "jitd/qr.h"
#include "lib/ipc/qr_picture.h"

using namespace jit;
using namespace jit::daemon;

namespace {

// The module at a place, by the rows as they are sent.
bool is_dark(const std::string &rows, std::size_t row, std::size_t column)
{
    const std::size_t digits = rows.find('/');
    const char c = rows[row * (digits + 1) + column / 4];
    const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    return (digit >> (3 - column % 4) & 1) != 0;
}

void an_address_has_its_three_eyes_where_they_belong(void **)
{
    const std::string rows = make_qr("https://login.microsoft.com/device");
    assert_int_equal(rows.size(), 29 * 8 + 28); // version 3
    for (const auto &[top, left] : {std::pair{0, 0}, std::pair{0, 22}, std::pair{22, 0}})
        for (int row = 0; row < 7; ++row)
            for (int column = 0; column < 7; ++column) {
                const int ring = std::max(std::abs(row - 3), std::abs(column - 3));
                assert_int_equal(is_dark(rows, static_cast<std::size_t>(top + row),
                                         static_cast<std::size_t>(left + column)),
                                 ring != 2);
            }
    // The line of every second module between two eyes.
    for (std::size_t column = 8; column <= 20; ++column)
        assert_int_equal(is_dark(rows, 6, column), column % 2 == 0);
}

void what_is_made_can_be_drawn_as_long_as_it_is_short_enough(void **)
{
    for (const std::size_t bytes : {1U, 17U, 32U, 53U, 78U}) {
        const std::string rows = make_qr(std::string(bytes, 'a'));
        ipc::QrPicture picture;
        assert_true(rows.size() <= ipc::max_qr_bytes && ipc::draw_qr(rows, picture));
    }
    assert_text(make_qr(std::string(79, 'a')), "");
    assert_text(make_qr(std::string(5000, 'a')), "");
    assert_text(make_qr(""), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_three_eyes_where_they_belong),
        cmocka_unit_test(what_is_made_can_be_drawn_as_long_as_it_is_short_enough),
    };
    return cmocka_run_group_tests_name("jitd/qr", tests, nullptr, nullptr);
}
