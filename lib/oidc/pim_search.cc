#include "lib/oidc/pim_search.h"

#include <algorithm>
#include <utility>

namespace jit::oidc {

namespace {

using std::chrono::seconds;

// PIM gives approvers a day: an older request is history, whatever its status says.
constexpr seconds max_age = std::chrono::hours{25};
// Of ours the start may lie a little ahead: one for later is so by the person's wish in the portal.
constexpr seconds max_ahead = std::chrono::minutes{3};
// Between this clock and PIM's. Seen too small it costs one more POST, which PIM then refuses.
constexpr seconds skew{60};
constexpr std::size_t max_before = 32;

} // namespace

void PimSearch::take(const json_t *entry, const PimWho &who, WallTime now)
{
    auto request = read_pim_request(entry, who);
    if (!request || (request->created && now - *request->created > max_age) ||
        (!is_open && request->starts && *request->starts > now + max_ahead))
        return;
    const PimStatus status = request->status;
    const bool is_before = std::find(before.begin(), before.end(), request->id) != before.end();
    const bool is_fresh =
        is_unclear && !is_before && request->created && *request->created >= posted - skew;
    // What was activated and given back a moment ago is not what a POST has made since.
    if (posted == WallTime{} && status == PimStatus::provisioned && request->created &&
        *request->created >= now - 2 * skew && before.size() < max_before)
        before.push_back(request->id);
    const bool counts = status == PimStatus::approval || status == PimStatus::pending ||
                        (status == PimStatus::unknown && (is_unclear || is_open)) ||
                        (status == PimStatus::provisioned && is_fresh);
    if (counts && (!found || request->created > found->created))
        found = std::move(request);
}

} // namespace jit::oidc
