#include "policy/hours.h"

#include <algorithm>

namespace jit::policy {

namespace {

using namespace std::chrono_literals;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::optional<std::size_t> day_of(std::string_view name)
{
    const auto found = std::find(std::begin(day_names), std::end(day_names), name);
    if (found == std::end(day_names))
        return std::nullopt;
    return static_cast<std::size_t>(found - std::begin(day_names));
}

// "Mon" or "Mon..Fri", which may go over Sunday.
bool add_days(std::string_view text, std::array<bool, 7> &days)
{
    const std::size_t dots = text.find("..");
    const auto first = day_of(text.substr(0, dots));
    const auto last = dots == text.npos ? first : day_of(text.substr(dots + 2));
    if (!first || !last)
        return false;
    for (std::size_t day = *first;; day = (day + 1) % days.size()) {
        days.at(day) = true;
        if (day == *last)
            return true;
    }
}

bool read_days(std::string_view text, std::array<bool, 7> &days)
{
    for (;;) {
        const std::size_t comma = text.find(',');
        if (!add_days(text.substr(0, comma), days))
            return false;
        if (comma == text.npos)
            return true;
        text.remove_prefix(comma + 1);
    }
}

std::optional<minutes> read_clock(std::string_view text)
{
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
        return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
        return std::nullopt;
    return minutes{hour * 60 + minute};
}

// A moment as the wall shows it: seconds since the Monday before 1970 began there.
seconds local_of(const Zone &zone, WallTime at)
{
    return zone.shown_at(at) + 72h;
}

// When the windows that are open then close, as long as no clock is changed; absent: none is open.
std::optional<seconds> local_close(const std::vector<Window> &windows, seconds local)
{
    const auto day = std::chrono::floor<std::chrono::days>(local);
    std::optional<seconds> latest;
    for (const int before : {0, 1}) {
        const auto begun = day - std::chrono::days{before};
        const auto week_day = static_cast<std::size_t>((begun.count() % 7 + 7) % 7);
        for (const Window &window : windows) {
            const seconds begin = begun + window.begin;
            const seconds end = begun + window.end;
            if (window.days.at(week_day) && begin <= local && local < end)
                latest = std::max(latest.value_or(end), end);
        }
    }
    return latest;
}

// The first beginning after a moment, within the week that follows it.
std::optional<seconds> local_open(const std::vector<Window> &windows, seconds local)
{
    const auto day = std::chrono::floor<std::chrono::days>(local);
    std::optional<seconds> first;
    for (int after = 0; after <= 7; ++after) {
        const auto later = day + std::chrono::days{after};
        const auto week_day = static_cast<std::size_t>((later.count() % 7 + 7) % 7);
        for (const Window &window : windows) {
            const seconds begin = later + window.begin;
            if (window.days.at(week_day) && begin > local)
                first = std::min(first.value_or(begin), begin);
        }
    }
    return first;
}

} // namespace

std::optional<Window> parse_window(std::string_view text)
{
    Window window;
    const std::size_t space = text.find(' ');
    if (space == text.npos)
        window.days.fill(true);
    else if (!read_days(text.substr(0, space), window.days))
        return std::nullopt;
    if (space != text.npos)
        text.remove_prefix(space + 1);
    const std::size_t dash = text.find('-');
    const auto begin = read_clock(text.substr(0, dash));
    const auto end = dash == text.npos ? std::nullopt : read_clock(text.substr(dash + 1));
    if (!begin || !end || *begin == *end || *begin == 24h)
        return std::nullopt;
    window.begin = *begin;
    window.end = *end < *begin ? *end + 24h : *end;
    return window;
}

bool is_open(const std::vector<Window> &windows, const Zone &zone, WallTime at)
{
    return local_close(windows, local_of(zone, at)).has_value();
}

WallTime closes_at(const std::vector<Window> &windows, const Zone &zone, WallTime at, seconds limit)
{
    const WallTime last = at + limit;
    for (WallTime now = at; now < last;) {
        const seconds local = local_of(zone, now);
        const auto close = local_close(windows, local);
        if (!close)
            return now;
        const auto change = zone.next_change(now);
        now += *close - local;
        if (change && *change < now)
            now = *change;
    }
    return last;
}

std::optional<WallTime> opens_at(const std::vector<Window> &windows, const Zone &zone, WallTime at)
{
    const WallTime last = at + std::chrono::days{15};
    for (WallTime now = at; now < last;) {
        if (is_open(windows, zone, now))
            return now;
        const seconds local = local_of(zone, now);
        const auto open = local_open(windows, local);
        const auto change = zone.next_change(now);
        if (!open && !change)
            return std::nullopt;
        const WallTime begin = open ? now + (*open - local) : *change;
        now = change && *change < begin ? *change : begin;
    }
    return std::nullopt;
}

std::string format_there(const Zone &zone, WallTime at)
{
    const seconds local = zone.shown_at(at);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{std::chrono::sys_days{day}};
    const std::chrono::weekday week_day{std::chrono::sys_days{day}};
    const std::chrono::hh_mm_ss clock{local - day};
    const auto digits = [](auto number) {
        const std::string text = std::to_string(number);
        return text.size() < 2 ? "0" + text : text;
    };
    return std::string{day_names[week_day.iso_encoding() - 1]} + " " +
           std::to_string(int{date.year()}) + "-" + digits(unsigned{date.month()}) + "-" +
           digits(unsigned{date.day()}) + " " + digits(clock.hours().count()) + ":" +
           digits(clock.minutes().count()) + " " + zone.name;
}

} // namespace jit::policy
