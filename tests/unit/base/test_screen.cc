#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include "lib/base/screen.h"

using namespace jit;

namespace {

bool is_utf8(const char *all, const char *ctype, const char *lang)
{
    const auto set = [](const char *name, const char *value) {
        (void)(value == nullptr ? unsetenv(name) : setenv(name, value, 1));
    };
    set("LC_ALL", all);
    set("LC_CTYPE", ctype);
    set("LANG", lang);
    return read_screen(-1).is_utf8;
}

void the_first_variable_that_is_not_empty_says_what_is_shown(void **)
{
    assert_false(is_utf8(nullptr, nullptr, nullptr));
    assert_false(is_utf8("", "", ""));
    assert_true(is_utf8(nullptr, nullptr, "en_US.UTF-8"));
    assert_true(is_utf8(nullptr, nullptr, "C.utf8"));
    assert_true(is_utf8(nullptr, "de_DE.utf-8@euro", "C"));
    assert_false(is_utf8("C", "en_US.UTF-8", "en_US.UTF-8"));
    assert_false(is_utf8("", "POSIX", "en_US.UTF-8"));
    assert_true(is_utf8("", "", "en_US.UTF-8"));
    for (const char *other : {"C", "POSIX", "de_DE", "de_DE.ISO-8859-1", "UTF-8", "de_DE.", "."})
        assert_false(is_utf8(nullptr, nullptr, other));
}

void a_terminal_has_its_size_and_nothing_else_has(void **)
{
    int one = -1;
    int other = -1;
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 80;
    assert_int_equal(openpty(&one, &other, nullptr, nullptr, &size), 0);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    const Screen screen = read_screen(other);
    assert_int_equal(screen.rows, 24);
    assert_int_equal(screen.columns, 80);
    assert_true(screen.has_room_for_picture());
    close(one);
    close(other);
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read_screen(file).columns, 0);
    assert_int_equal(read_screen(-1).rows, 0);
    assert_false(read_screen(file).has_room_for_picture());
    close(file);
}

void a_picture_needs_all_of_it(void **)
{
    assert_true((Screen{true, 80, 24}).has_room_for_picture());
    for (const Screen &less : {Screen{false, 80, 24}, Screen{true, 79, 24}, Screen{true, 80, 23}})
        assert_false(less.has_room_for_picture());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_variable_that_is_not_empty_says_what_is_shown),
        cmocka_unit_test(a_terminal_has_its_size_and_nothing_else_has),
        cmocka_unit_test(a_picture_needs_all_of_it),
    };
    return cmocka_run_group_tests_name("base/screen", tests, nullptr, nullptr);
}
