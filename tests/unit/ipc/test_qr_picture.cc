#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <string>

#include "lib/ipc/qr_picture.h"

using namespace jit;
using namespace jit::ipc;

namespace {

// A square of that many modules, each row of these digits.
std::string square(std::size_t side, const std::string &digits)
{
    std::string rows;
    for (std::size_t i = 0; i < side; ++i)
        rows += (i == 0 ? "" : "/") + digits;
    return rows;
}

std::string draw(const std::string &rows)
{
    QrPicture picture;
    return draw_qr(rows, picture) ? std::string{picture.view()} : "no picture";
}

void two_rows_are_a_line_of_half_blocks_with_a_bright_margin(void **)
{
    // 21 modules: the first row dark, the second dark at its left end, the others bright.
    std::string rows = "fffff8/800000";
    for (int i = 2; i < 21; ++i)
        rows += "/000000";
    const std::string picture = draw(rows);
    std::string margin;
    for (int i = 0; i < 25; ++i)
        margin += "█";
    assert_true(picture.starts_with(margin + "\n"));
    std::string first = "██ ";
    for (int i = 1; i < 21; ++i)
        first += "▄";
    assert_true(picture.starts_with(margin + "\n" + first + "██\n"));
    // 25 rows: the last line has its lower half outside.
    assert_int_equal(std::count(picture.begin(), picture.end(), '\n'), 13);
    assert_true(picture.ends_with("▀▀\n"));
}

void the_largest_fits_and_a_larger_one_is_not_drawn(void **)
{
    assert_true(draw(square(33, "000000000")) != "no picture");
    assert_text(draw(square(34, "000000000")), "no picture");
    assert_text(draw(square(37, "0000000000")), "no picture");
}

void what_is_no_square_of_digits_is_not_drawn(void **)
{
    for (const std::string &rows :
         {std::string{}, std::string{"/"}, std::string(200, '/'), std::string{"000000"},
          square(20, "00000"), square(21, "00000"), square(21, "0000000"), square(22, "000000/"),
          square(21, "00000g"), square(21, "00000A"), square(21, "000000") + "/",
          "/" + square(21, "000000"), square(20, "000000") + "/00000", square(24, "000000") + "0"})
        assert_text(draw(rows), "no picture");
    // Of another length in the middle, and the same in all.
    std::string uneven = square(21, "000000");
    uneven[6] = '0';
    uneven[7] = '/';
    assert_text(draw(uneven), "no picture");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(two_rows_are_a_line_of_half_blocks_with_a_bright_margin),
        cmocka_unit_test(the_largest_fits_and_a_larger_one_is_not_drawn),
        cmocka_unit_test(what_is_no_square_of_digits_is_not_drawn),
    };
    return cmocka_run_group_tests_name("ipc/qr_picture", tests, nullptr, nullptr);
}
