#include "lib/base/zone.h"

#include <algorithm>
#include <cstdint>

#include "lib/base/zone_rule.h"

namespace jit {

namespace {

using std::chrono::seconds;

constexpr std::size_t header_bytes = 44;
constexpr int last_year = 2100;
// The earth is no wider.
constexpr std::int64_t most_offset = std::int64_t{26} * 3600;

// What stands in the file at some place; past its end there are zeros, which nobody looks at: the
// sizes are checked first.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value =
            value << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    return value;
}

// RFC 9636, section 3.1.
struct Header {
    explicit Header(std::string_view bytes)
        : is_one(bytes.size() >= header_bytes && bytes.starts_with("TZif") && bytes[4] >= '2'),
          ut_count(number_at(bytes, 20, 4)), standard_count(number_at(bytes, 24, 4)),
          leap_count(number_at(bytes, 28, 4)), time_count(number_at(bytes, 32, 4)),
          type_count(number_at(bytes, 36, 4)), char_count(number_at(bytes, 40, 4))
    {
    }
    // Of what follows, with times of so many bytes. Cannot wrap: the counts have 32 bits.
    std::uint64_t data_bytes(std::uint64_t time_bytes) const
    {
        return time_count * (time_bytes + 1) + type_count * 6 + char_count +
               leap_count * (time_bytes + 4) + standard_count + ut_count;
    }

    bool is_one; // of a version that has times of 64 bits
    std::uint64_t ut_count;
    std::uint64_t standard_count;
    std::uint64_t leap_count;
    std::uint64_t time_count;
    std::uint64_t type_count;
    std::uint64_t char_count;
};

void add(Zone &zone, Zone::Change change)
{
    // Two at one time: the latter is what is left.
    if (!zone.changes.empty() && zone.changes.back().at == change.at)
        zone.changes.pop_back();
    const seconds before = zone.changes.empty() ? zone.offset : zone.changes.back().offset;
    if (change.offset != before)
        zone.changes.push_back(change);
}

// The times of the file and what they change to.
//   returns  the last time, or the time before all others; absent: they are wrong
std::optional<WallTime> read_times(std::string_view data, const Header &header, Zone &zone)
{
    const std::size_t types = header.time_count * 9;
    std::vector<seconds> offsets;
    for (std::size_t i = 0; i < header.type_count; ++i) {
        const auto bits = static_cast<std::uint32_t>(number_at(data, types + i * 6, 4));
        const auto offset = static_cast<std::int32_t>(bits);
        if (offset < -most_offset || offset > most_offset)
            return std::nullopt;
        offsets.emplace_back(offset);
    }
    zone.offset = offsets.front();
    WallTime last = WallTime::min();
    for (std::size_t i = 0; i < header.time_count; ++i) {
        const WallTime at{seconds{static_cast<std::int64_t>(number_at(data, i * 8, 8))}};
        const std::size_t type = number_at(data, header.time_count * 8 + i, 1);
        if (type >= offsets.size() || (i > 0 && at <= last))
            return std::nullopt;
        add(zone, {at, offsets[type]});
        last = at;
    }
    return last;
}

int year_of(WallTime at)
{
    // Before all years that matter: a file may begin with the Big Bang.
    constexpr WallTime first{seconds{0}};
    const auto day = std::chrono::floor<std::chrono::days>(std::max(at, first).time_since_epoch());
    const std::chrono::days most{1 << 20};
    return int{std::chrono::year_month_day{std::chrono::sys_days{std::min(day, most)}}.year()};
}

auto first_after(const std::vector<Zone::Change> &changes, WallTime at)
{
    return std::upper_bound(
        changes.begin(), changes.end(), at,
        [](WallTime time, const Zone::Change &change) { return time < change.at; });
}

} // namespace

seconds Zone::offset_at(WallTime at) const
{
    const auto after = first_after(changes, at);
    return after == changes.begin() ? offset : std::prev(after)->offset;
}

std::optional<WallTime> Zone::next_change(WallTime after) const
{
    const auto next = first_after(changes, after);
    return next == changes.end() ? std::nullopt : std::optional{next->at};
}

std::optional<Zone> parse_zone(std::string_view name, std::string_view bytes)
{
    // The first block is for readers of 32 bits.
    const Header old{bytes};
    if (!old.is_one || old.data_bytes(4) > bytes.size() - header_bytes)
        return std::nullopt;
    bytes.remove_prefix(header_bytes + old.data_bytes(4));
    const Header header{bytes};
    if (!header.is_one || header.data_bytes(8) > bytes.size() - header_bytes ||
        header.leap_count != 0 || header.type_count == 0)
        return std::nullopt;
    const std::string_view data = bytes.substr(header_bytes, header.data_bytes(8));
    std::string_view footer = bytes.substr(header_bytes + data.size());
    if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n')
        return std::nullopt;
    footer = footer.substr(1, footer.size() - 2);

    Zone zone;
    zone.name = name;
    const auto last = read_times(data, header, zone);
    if (!last)
        return std::nullopt;
    if (footer.empty()) // it is not known what comes then
        return zone;
    const auto rule = parse_zone_rule(footer);
    if (!rule)
        return std::nullopt;
    for (const Zone::Change &change : rule->changes(year_of(*last), last_year))
        if (change.at > *last)
            add(zone, change);
    return zone;
}

} // namespace jit
