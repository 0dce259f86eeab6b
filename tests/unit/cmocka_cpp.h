// cmocka in C++. Include this first: its macros `fail`, `skip` and `mock` break standard headers.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

extern "C" {
#include <cmocka.h>
}
#undef fail
#undef skip
#undef mock

#include <string_view>

// Compares texts of any kind and shows both when they differ.
#define assert_text(actual, expected)                                                              \
    do {                                                                                           \
        const std::string assert_a{actual};                                                        \
        const std::string assert_e{expected};                                                      \
        assert_string_equal(assert_a.c_str(), assert_e.c_str());                                   \
    } while (0)

#include <string>
