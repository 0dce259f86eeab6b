#include "lib/sys/zones.h"

#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

namespace jit::sys {

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr const char *folder = "/usr/share/zoneinfo/";
constexpr WallTime first{seconds{1'577'836'800}}; // 2020
constexpr WallTime last{seconds{2'524'608'000}};  // 2050
// No zone changes its mind twice in so short a time.
constexpr seconds step = 24h * 7;

bool is_zone_name(std::string_view name)
{
    if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/' ||
        name.find("//") != name.npos)
        return false;
    for (const char c : name)
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '+' || c == '-' || c == '/'))
            return false;
    return true;
}

// The C library's zone, for as long as this lives.
class ZoneOfProcess
{
  public:
    explicit ZoneOfProcess(const std::string &name)
    {
        if (const char *before = std::getenv("TZ")) {
            before_ = before;
            was_set_ = true;
        }
        setenv("TZ", (":" + name).c_str(), 1);
        tzset();
    }
    ZoneOfProcess(const ZoneOfProcess &) = delete;
    ZoneOfProcess &operator=(const ZoneOfProcess &) = delete;
    ~ZoneOfProcess()
    {
        if (was_set_)
            setenv("TZ", before_.c_str(), 1);
        else
            unsetenv("TZ");
        tzset();
    }

    static seconds offset_at(WallTime at)
    {
        const std::time_t time = at.time_since_epoch().count();
        std::tm broken{};
        localtime_r(&time, &broken);
        return seconds{broken.tm_gmtoff};
    }

  private:
    std::string before_;
    bool was_set_ = false;
};

// The second of the change between two times with different offsets.
WallTime find_change(WallTime from, WallTime to)
{
    const seconds before = ZoneOfProcess::offset_at(from);
    while (to - from > 1s) {
        const WallTime middle = from + (to - from) / 2;
        (ZoneOfProcess::offset_at(middle) == before ? from : to) = middle;
    }
    return to;
}

} // namespace

std::shared_ptr<const Zone> find_zone(std::string_view name)
{
    auto zone = std::make_shared<Zone>();
    zone->name = name;
    if (name == "UTC")
        return zone;
    struct stat found {
    };
    if (!is_zone_name(name) || stat((folder + zone->name).c_str(), &found) != 0 ||
        !S_ISREG(found.st_mode))
        return nullptr;
    const ZoneOfProcess process{zone->name};
    zone->offset = ZoneOfProcess::offset_at(first);
    seconds offset = zone->offset;
    for (WallTime at = first; at < last; at += step) {
        if (ZoneOfProcess::offset_at(at + step) == offset)
            continue;
        const WallTime change = find_change(at, at + step);
        offset = ZoneOfProcess::offset_at(change);
        zone->changes.push_back({change, offset});
    }
    return zone;
}

} // namespace jit::sys
