#include "lib/base/zone_rule.h"

#include <algorithm>

namespace jit {

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Reads from the front of a text; what is wrong stays wrong.
class Cursor
{
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool is_fine() const { return fine_; }
    bool is_at_end() const { return text_.empty(); }
    bool take(char wanted)
    {
        if (text_.empty() || text_.front() != wanted)
            return false;
        text_.remove_prefix(1);
        return true;
    }
    void require(char wanted) { fine_ = take(wanted) && fine_; }

    unsigned number(unsigned least, unsigned most)
    {
        unsigned value = 0;
        std::size_t digits = 0;
        for (; !text_.empty() && is_digit(text_.front()) && digits < 4; ++digits) {
            value = value * 10 + static_cast<unsigned>(text_.front() - '0');
            text_.remove_prefix(1);
        }
        fine_ = fine_ && digits > 0 && value >= least && value <= most;
        return value;
    }
    // At least three letters, or in angle brackets letters, digits, plus and minus.
    void name()
    {
        const bool is_quoted = take('<');
        std::size_t size = 0;
        while (!text_.empty() && (is_letter(text_.front()) ||
                                  (is_quoted && (is_digit(text_.front()) || text_.front() == '+' ||
                                                 text_.front() == '-')))) {
            text_.remove_prefix(1);
            ++size;
        }
        fine_ = fine_ && size >= 3;
        if (is_quoted)
            require('>');
    }
    // [+-]h[h[h]][:mm[:ss]]
    seconds time(unsigned most_hours)
    {
        const bool is_negative = take('-');
        if (!is_negative)
            (void)take('+');
        seconds value = std::chrono::hours{number(0, most_hours)};
        if (take(':')) {
            value += std::chrono::minutes{number(0, 59)};
            if (take(':'))
                value += seconds{number(0, 59)};
        }
        return is_negative ? -value : value;
    }
    ZoneRule::Date date()
    {
        ZoneRule::Date date;
        if (take('M')) {
            date.kind = ZoneRule::Date::Kind::week_day;
            date.month = number(1, 12);
            require('.');
            date.week = number(1, 5);
            require('.');
            date.day = number(0, 6);
        } else if (take('J')) {
            date.kind = ZoneRule::Date::Kind::julian;
            date.day = number(1, 365);
        } else {
            date.day = number(0, 365);
        }
        date.time = take('/') ? time(167) : seconds{2h};
        return date;
    }

  private:
    std::string_view text_;
    bool fine_ = true;
};

std::chrono::sys_days day_in(const ZoneRule::Date &date, std::chrono::year year)
{
    using namespace std::chrono;
    const sys_days new_year{year / January / 1};
    switch (date.kind) {
    case ZoneRule::Date::Kind::day:
        break;
    case ZoneRule::Date::Kind::julian:
        return new_year + days{date.day - 1 + (year.is_leap() && date.day >= 60 ? 1 : 0)};
    case ZoneRule::Date::Kind::week_day:
        const weekday day{date.day};
        if (date.week == 5)
            return sys_days{year / month{date.month} / day[last]};
        return sys_days{year / month{date.month} / day[date.week]};
    }
    return new_year + days{date.day};
}

WallTime time_in(const ZoneRule::Date &date, int year, seconds offset)
{
    const auto day = day_in(date, std::chrono::year{year});
    return WallTime{day.time_since_epoch() + date.time - offset};
}

} // namespace

std::vector<Zone::Change> ZoneRule::changes(int first, int last) const
{
    std::vector<Zone::Change> all;
    for (int year = first; begins && year <= last; ++year) {
        all.push_back({time_in(ends, year, summer), standard});
        all.push_back({time_in(*begins, year, standard), summer});
    }
    // Where one ends as the next begins, the beginning counts: it comes last.
    std::stable_sort(all.begin(), all.end(),
                     [](const auto &a, const auto &b) { return a.at < b.at; });
    return all;
}

std::optional<ZoneRule> parse_zone_rule(std::string_view text)
{
    Cursor cursor{text};
    ZoneRule rule;
    cursor.name();
    rule.standard = -cursor.time(24);
    if (!cursor.is_at_end()) {
        cursor.name();
        rule.summer = rule.standard + 1h;
        if (!cursor.take(',')) {
            rule.summer = -cursor.time(24);
            cursor.require(',');
        }
        rule.begins = cursor.date();
        cursor.require(',');
        rule.ends = cursor.date();
    }
    if (!cursor.is_fine() || !cursor.is_at_end())
        return std::nullopt;
    return rule;
}

} // namespace jit
