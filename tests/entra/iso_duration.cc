#include "tests/entra/iso_duration.h"

#include <array>

namespace jit::entra {

namespace {

struct Unit {
    char letter;
    bool is_time; // after the T
    long seconds;
};

constexpr std::array units{Unit{'D', false, 86400}, Unit{'H', true, 3600}, Unit{'M', true, 60},
                           Unit{'S', true, 1}};
constexpr long most = 100000; // of each

} // namespace

std::optional<std::chrono::seconds> parse_iso_duration(std::string_view text)
{
    if (text.empty() || text.front() != 'P')
        return std::nullopt;
    text.remove_prefix(1);
    std::chrono::seconds sum{0};
    bool is_time = false;
    bool has_any = false;
    for (const Unit &unit : units) {
        if (!text.empty() && text.front() == 'T' && !is_time) {
            is_time = true;
            text.remove_prefix(1);
        }
        std::size_t digits = 0;
        long count = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && count < most)
            count = count * 10 + (text[digits++] - '0');
        if (digits == 0 || digits == text.size() || text[digits] != unit.letter ||
            unit.is_time != is_time)
            continue;
        sum += std::chrono::seconds{count * unit.seconds};
        has_any = true;
        text.remove_prefix(digits + 1);
    }
    return has_any && text.empty() ? std::optional{sum} : std::nullopt;
}

std::string format_iso_duration(std::chrono::seconds duration)
{
    long left = static_cast<long>(duration.count());
    std::string text = "P";
    bool is_time = false;
    for (const Unit &unit : units) {
        const long count = left / unit.seconds;
        left %= unit.seconds;
        if (count == 0)
            continue;
        if (unit.is_time && !is_time)
            text += 'T';
        is_time = unit.is_time;
        text += std::to_string(count) + unit.letter;
    }
    return text == "P" ? "PT0S" : text;
}

} // namespace jit::entra
