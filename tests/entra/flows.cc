#include "tests/entra/flows.h"

#include <algorithm>

#include "tests/entra/claims_request.h"

namespace jit::entra {

namespace {
constexpr std::size_t max_flows =
    10000; // the oldest fall out, so a long test cannot grow without end
constexpr std::size_t max_gaps = 64;
void note_polls(Flow &flow)
{
    if (!flow.polls_before)
        flow.polls_before = flow.polls;
}

} // namespace

std::string_view name_of(FlowState state)
{
    switch (state) {
    case FlowState::pending:
        return "pending";
    case FlowState::approved:
        return "approved";
    case FlowState::declined:
        return "declined";
    case FlowState::failed:
        return "failed";
    case FlowState::redeemed:
        return "redeemed";
    }
    return "unknown";
}

std::string normalize_user_code(std::string_view typed)
{
    std::string code;
    for (const char c : typed) {
        if (c >= 'a' && c <= 'z')
            code += static_cast<char>(c - 'a' + 'A');
        else if (c != ' ' && c != '-' && c != '\t')
            code += c;
    }
    return code;
}

void Flows::add(Flow flow)
{
    const std::lock_guard lock{mutex_};
    if (flows_.size() >= max_flows)
        flows_.pop_front();
    flows_.push_back(std::move(flow));
    added_.notify_all();
}

std::optional<Flow> Flows::find(std::string_view user_code) const
{
    const std::string code = normalize_user_code(user_code);
    const std::lock_guard lock{mutex_};
    for (const Flow &flow : flows_)
        if (flow.user_code == code)
            return flow;
    return std::nullopt;
}

Decided Flows::decide(std::string_view user_code, const Decision &decision, Now now)
{
    const std::string code = normalize_user_code(user_code);
    const std::lock_guard lock{mutex_};
    for (Flow &flow : flows_) {
        if (flow.user_code != code)
            continue;
        if (flow.state != FlowState::pending)
            return Decided::already;
        if (now.boot >= flow.expires)
            return Decided::expired;
        note_polls(flow);
        flow.state = decision.state;
        flow.user_oid = decision.user_oid;
        flow.failure = decision.failure;
        flow.signed_in = now.wall;
        return Decided::done;
    }
    return Decided::unknown;
}

void Flows::note_order(std::string_view user_code)
{
    const std::string code = normalize_user_code(user_code);
    const std::lock_guard lock{mutex_};
    for (Flow &flow : flows_)
        if (flow.user_code == code)
            note_polls(flow);
}

std::optional<std::string> Flows::wait_for_pending(std::chrono::milliseconds patience)
{
    std::optional<std::string> found;
    std::unique_lock lock{mutex_};
    added_.wait_for(lock, patience, [&] {
        const BootTime now = boot_time();
        for (auto flow = flows_.rbegin(); flow != flows_.rend() && !found; ++flow)
            if (flow->state == FlowState::pending && now < flow->expires)
                found = flow->user_code;
        return found.has_value();
    });
    return found;
}

Flow *Flows::find_device(const std::string &device_code)
{
    const auto found = std::find_if(flows_.begin(), flows_.end(), [&](const Flow &flow) {
        return flow.device_code == device_code;
    });
    return found == flows_.end() ? nullptr : &*found;
}

Pace Flows::note_poll(const std::string &device_code, const std::string &claims, BootTime now)
{
    const std::lock_guard lock{mutex_};
    Flow *flow = find_device(device_code);
    if (flow == nullptr)
        return Pace::unknown_code;
    const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(now - flow->last_poll);
    flow->last_poll = now;
    flow->polled_claims = claims;
    if (flow->gaps.size() < max_gaps)
        flow->gaps.push_back(gap);
    if (++flow->polls == 1) {
        flow->first_gap = gap;
        return Pace::in_time;
    }
    if (!flow->shortest_gap || gap < *flow->shortest_gap)
        flow->shortest_gap = gap;
    if (gap >= flow->interval)
        return Pace::in_time;
    ++flow->early_polls;
    return Pace::early;
}

std::string Flows::user_code_of(const std::string &device_code) const
{
    const std::lock_guard lock{mutex_};
    for (const Flow &flow : flows_)
        if (flow.device_code == device_code)
            return flow.user_code;
    return {};
}

void Flows::slow_down(const std::string &device_code)
{
    const std::lock_guard lock{mutex_};
    if (Flow *flow = find_device(device_code); flow != nullptr)
        flow->interval += std::chrono::seconds{5};
}

bool belongs(const Flow &flow, const Poll &poll)
{
    return flow.cloud == &poll.cloud && flow.tenant == poll.tenant &&
           flow.client_id == poll.client_id;
}

std::optional<Flow> Flows::redeem(const std::string &device_code, const Poll &poll, BootTime now)
{
    const std::lock_guard lock{mutex_};
    Flow *flow = find_device(device_code);
    if (flow == nullptr)
        return std::nullopt;
    Flow seen = *flow;
    if (flow->state == FlowState::approved && now < flow->expires && belongs(*flow, poll) &&
        is_same_request(flow->claims, poll.claims))
        flow->state = FlowState::redeemed;
    return seen;
}

void Flows::fail(const std::string &device_code, const Failure &failure)
{
    const std::lock_guard lock{mutex_};
    if (Flow *flow = find_device(device_code); flow != nullptr) {
        flow->state = FlowState::failed;
        flow->failure = failure;
    }
}

std::vector<Flow> Flows::all() const
{
    const std::lock_guard lock{mutex_};
    return {flows_.begin(), flows_.end()};
}

void Flows::clear()
{
    const std::lock_guard lock{mutex_};
    flows_.clear();
}

} // namespace jit::entra
