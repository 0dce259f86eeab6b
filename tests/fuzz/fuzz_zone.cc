// Any bytes as a file of tzdata, and as the rule in its footer: none, or a zone whose changes are
// in order and real, and whose offsets are those of its changes.
#include <cstdint>
#include <string_view>

#include "lib/base/zone.h"
#include "lib/base/zone_rule.h"
#include "tests/fuzz/expect.h"

using namespace jit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char *>(data), size};
    if (const auto rule = parse_zone_rule(bytes)) {
        const auto changes = rule->changes(2020, 2030);
        expect(changes.size() == (rule->begins ? 22U : 0U));
        for (std::size_t i = 1; i < changes.size(); ++i)
            expect(changes[i - 1].at <= changes[i].at);
    }
    const auto zone = parse_zone("x", bytes);
    if (!zone)
        return 0;
    std::chrono::seconds before = zone->offset;
    WallTime last = WallTime::min();
    for (const Zone::Change &change : zone->changes) {
        expect(change.offset != before && (last == WallTime::min() || change.at > last));
        expect(std::chrono::abs(change.offset) <= std::chrono::hours{26});
        expect(zone->offset_at(change.at) == change.offset);
        if (change.at > WallTime::min())
            expect(zone->offset_at(change.at - std::chrono::seconds{1}) == before &&
                   zone->next_change(change.at - std::chrono::seconds{1}) == change.at);
        before = change.offset;
        last = change.at;
    }
    return 0;
}
