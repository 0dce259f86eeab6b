// UTF-8, one character at a time (RFC 3629 section 4). Header-only and without allocation, for
// code that runs inside other people's programs.
#pragma once

#include <cstddef>
#include <string_view>

namespace jit {

// The length of the well-formed character at the front of a text that is not empty, with its code
// point; 0 if there is none.
inline std::size_t utf8_front(std::string_view text, char32_t &point)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    std::size_t length = 0;
    if (first < 0x80) {
        point = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
        point = first & 0x1FU;
    } else if ((first & 0xF0U) == 0xE0) {
        length = 3;
        point = first & 0x0FU;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        point = first & 0x07U;
    }
    if (length == 0 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80)
            return 0;
        point = (point << 6) | (byte(i) & 0x3FU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    return overlong || surrogate || point > 0x10FFFF ? 0 : length;
}

// Writes the character's bytes, 1 to 4, and returns how many.
inline std::size_t utf8_put(char32_t point, char (&out)[4])
{
    const auto low = [](char32_t bits) { return static_cast<char>(0x80U | (bits & 0x3FU)); };
    if (point < 0x80) {
        out[0] = static_cast<char>(point);
        return 1;
    }
    if (point < 0x800) {
        out[0] = static_cast<char>(0xC0U | (point >> 6));
        out[1] = low(point);
        return 2;
    }
    if (point < 0x10000) {
        out[0] = static_cast<char>(0xE0U | (point >> 12));
        out[1] = low(point >> 6);
        out[2] = low(point);
        return 3;
    }
    out[0] = static_cast<char>(0xF0U | (point >> 18));
    out[1] = low(point >> 12);
    out[2] = low(point >> 6);
    out[3] = low(point);
    return 4;
}

// What takes room or none and shows nothing: fillers, joiners, selectors, musical controls.
inline bool is_invisible(char32_t point)
{
    return point == 0x34F || point == 0x115F || point == 0x1160 || point == 0x17B4 ||
           point == 0x17B5 || (point >= 0x180B && point <= 0x180F) || point == 0x2800 ||
           point == 0x3164 || (point >= 0xFE00 && point <= 0xFE0F) || point == 0xFFA0 ||
           (point >= 0x1D173 && point <= 0x1D17A);
}

// Characters that move, hide or reorder what a terminal shows: controls, DEL, C1, soft hyphen,
// bidirectional, zero-width and tag marks.
inline bool is_unsafe_point(char32_t point)
{
    return is_invisible(point) || point < 0x20 || (point >= 0x7F && point < 0xA0) ||
           point == 0xAD || point == 0x61C || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) ||
           point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
           (point >= 0xE0000 && point <= 0xE0FFF);
}

} // namespace jit
