// The device flows that are under way, and what people decided about them.
//
//   pending ──> approved ──> redeemed          expiry is not a state: it is asked for by the time
//      ├──────> declined  └──> failed (a step-up that the claims did not ask for)
//      └──────> failed (Conditional Access, missing consent: any OAuth error)
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "tests/entra/clouds.h"

namespace jit::entra {

enum class FlowState {
    pending,
    approved,
    declined,
    failed,
    redeemed,
};

std::string_view name_of(FlowState state);

// Why a flow failed: the OAuth error, its AADSTS number, and what else the reply holds.
struct Failure {
    std::string error;
    int aadsts = 0;
    std::string suberror;
    std::string claims; // a challenge, JSON
};

struct Flow {
    const Cloud *cloud = nullptr; // of the table in clouds.h
    std::string user_code;
    std::string device_code;
    std::string client_id;
    std::string tenant;
    std::string scope;
    std::string claims;        // the claims parameter as it came, or empty
    std::string polled_claims; // the last poll's
    std::string correlation_id;
    BootTime expires;
    std::chrono::seconds interval{5};

    FlowState state = FlowState::pending;
    std::string user_oid; // once somebody decided
    Failure failure;
    WallTime signed_in;

    BootTime last_poll; // at first the time of the device request
    long polls = 0;
    // How many there had been when somebody decided, or ordered a fault for it, whichever was
    // first.
    std::optional<long> polls_before;
    long early_polls = 0; // sooner than the interval after the poll before
    std::optional<std::chrono::milliseconds> first_gap; // from the device request to the first poll
    std::optional<std::chrono::milliseconds> shortest_gap; // between two polls
    std::vector<std::chrono::milliseconds> gaps;           // before each of the first polls
};

struct Decision {
    FlowState state = FlowState::approved;
    std::string user_oid;
    Failure failure;
};

// Who polls: a flow is redeemed only by the request that it came from, made again.
struct Poll {
    const Cloud &cloud;
    std::string_view tenant;
    std::string_view client_id;
    std::string_view claims;
};

// Whether the flow is that poll's; the claims are not looked at.
bool belongs(const Flow &flow, const Poll &poll);

enum class Decided {
    done,
    unknown, // no such code
    expired,
    already,
};

enum class Pace {
    unknown_code,
    in_time,
    early,
};

// All flows, safe to use from many threads.
class Flows
{
  public:
    void add(Flow flow);

    // By user code as a person types it: in any case, with spaces and hyphens.
    std::optional<Flow> find(std::string_view user_code) const;
    Decided decide(std::string_view user_code, const Decision &decision, Now now);
    // A fault is about to be ordered for it: polls count from here.
    void note_order(std::string_view user_code);
    // The user code of the youngest flow that is pending, waited for if there is none.
    std::optional<std::string> wait_for_pending(std::chrono::milliseconds patience);

    // Notes that a client polled, with these claims. The first poll is never early: RFC 8628
    // section 3.5 asks for a pause between polls, and Microsoft's own clients send the first at
    // once.
    Pace note_poll(const std::string &device_code, const std::string &claims, BootTime now);
    // Empty where there is no such flow.
    std::string user_code_of(const std::string &device_code) const;
    // Lengthens the interval by 5 s (RFC 8628 section 3.5).
    void slow_down(const std::string &device_code);
    // The flow as it is. One that was approved for this poll, and not too late, is redeemed by
    // this: it is seen as `approved` once.
    std::optional<Flow> redeem(const std::string &device_code, const Poll &poll, BootTime now);
    // The flow has failed after all.
    void fail(const std::string &device_code, const Failure &failure);

    std::vector<Flow> all() const;
    void clear();

  private:
    Flow *find_device(const std::string &device_code);

    mutable std::mutex mutex_;
    std::condition_variable added_;
    std::deque<Flow> flows_; // the youngest last
};

// A user code as it is stored: letters in upper case, spaces and hyphens gone.
std::string normalize_user_code(std::string_view typed);

} // namespace jit::entra
