#include "lib/base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "lib/base/utf8.h"

namespace jit {

namespace {

bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

bool is_name(std::string_view text)
{
    if (text.empty() || text.size() > 64 || !(is_alpha(text[0]) || text[0] == '_'))
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '_' || c == '.' || c == '@' || c == '-';
    });
}

bool is_id(std::string_view text)
{
    return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'f');
           });
}

bool is_guid(std::string_view text)
{
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

std::string safe_text(std::string_view text, std::size_t max_bytes)
{
    std::string out;
    while (!text.empty()) {
        char32_t point = 0;
        const std::size_t length = utf8_front(text, point);
        const bool bad = length == 0 || is_unsafe_point(point);
        const std::string_view piece = bad ? std::string_view{"?"} : text.substr(0, length);
        if (out.size() + piece.size() > max_bytes)
            break;
        out += piece;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string to_lower(std::string_view text)
{
    std::string out{text};
    for (char &c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text)
{
    struct Unit {
        char letter;
        std::int64_t seconds;
    };
    static constexpr std::array<Unit, 4> units{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
    static constexpr std::int64_t longest = 366LL * 86400;

    if (text.empty())
        return std::nullopt;
    std::int64_t total = 0;
    std::size_t next_unit = 0;
    while (!text.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        while (digits < text.size() && is_digit(text[digits])) {
            number = number * 10 + (text[digits] - '0');
            if (++digits > 9)
                return std::nullopt;
        }
        if (digits == 0 || digits == text.size())
            return std::nullopt;
        while (next_unit < units.size() && units[next_unit].letter != text[digits])
            ++next_unit;
        if (next_unit == units.size())
            return std::nullopt;
        total += number * units[next_unit++].seconds;
        if (total > longest)
            return std::nullopt;
        text.remove_prefix(digits + 1);
    }
    return std::chrono::seconds{total};
}

std::string format_duration(std::chrono::seconds duration)
{
    std::int64_t left = std::max<std::int64_t>(0, duration.count());
    std::string out;
    const auto add = [&](std::int64_t unit, char letter) {
        if (left >= unit) {
            out += std::to_string(left / unit) + letter;
            left %= unit;
        }
    };
    add(86400, 'd');
    add(3600, 'h');
    add(60, 'm');
    add(1, 's');
    return out.empty() ? "0s" : out;
}

std::string format_time(WallTime time)
{
    using namespace std::chrono;
    const sys_seconds at{time.time_since_epoch()};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{at - day};
    std::array<char, 64> out{};
    (void)std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                        static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
    return out.data();
}

std::optional<WallTime> parse_time(std::string_view text)
{
    using namespace std::chrono;
    static constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    if (text.size() != shape.size())
        return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
            return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = 0;
        for (std::size_t i = at; i < at + length; ++i)
            value = value * 10 + (text[i] - '0');
        return value;
    };
    const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                              day{static_cast<unsigned>(number(8, 2))}};
    if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59)
        return std::nullopt;
    const sys_seconds at = sys_days{date} + hours{number(11, 2)} + minutes{number(14, 2)} +
                           std::chrono::seconds{number(17, 2)};
    return WallTime{at.time_since_epoch()};
}

std::string encode_hex(std::string_view bytes)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 0xFU];
    }
    return out;
}

bool matches_glob(std::string_view pattern, std::string_view text)
{
    // One remembered star is enough: a later star makes every earlier choice final.
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t after_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) &&
            pattern[p] != '*') {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

} // namespace jit
