#include "lib/oidc/graph_duration.h"

#include <charconv>

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr seconds max_duration = std::chrono::hours{24 * 366};

// One after the other, as they must come.
struct Unit {
    char letter;
    bool is_time; // behind the 'T'
    seconds length;
};
constexpr Unit units[] = {
    {'D', false, std::chrono::hours{24}},
    {'H', true, std::chrono::hours{1}},
    {'M', true, std::chrono::minutes{1}},
    {'S', true, seconds{1}},
};

} // namespace

std::optional<seconds> parse_graph_duration(std::string_view text)
{
    if (!text.starts_with('P') || text.back() == 'T')
        return std::nullopt;
    text.remove_prefix(1);
    bool is_time = false;
    seconds sum{0};
    const Unit *next = std::begin(units);
    while (!text.empty()) {
        if (!is_time && text.front() == 'T') {
            is_time = true;
            text.remove_prefix(1);
        }
        int number = 0;
        const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
        const auto digits = static_cast<std::size_t>(stop - text.data());
        if (fault != std::errc{} || text.front() == '-' || digits == text.size())
            return std::nullopt;
        while (next != std::end(units) &&
               (next->letter != text[digits] || next->is_time != is_time))
            ++next;
        if (next == std::end(units) || number > max_duration / next->length)
            return std::nullopt;
        sum += number * next->length;
        ++next;
        text.remove_prefix(digits + 1);
    }
    if (sum < seconds{1} || sum > max_duration)
        return std::nullopt;
    return sum;
}

std::string format_graph_duration(seconds duration)
{
    const auto count = duration.count();
    if (count % 3600 == 0)
        return "PT" + std::to_string(count / 3600) + "H";
    if (count % 60 == 0)
        return "PT" + std::to_string(count / 60) + "M";
    return "PT" + std::to_string(count) + "S";
}

} // namespace jit::oidc
