// Privileged Identity Management for groups: who is eligible, who asked, who is active, until when.
//
//   PendingProvisioning ──> Provisioned      a selfDeactivate and what an administrator takes away
//   PendingApproval ──> Provisioned, Denied  are requests of their own, which end in Revoked
//        └──────> Canceled
//
// A request can be told to become anything else: Failed, or a word that nobody knows. Activations
// end by the time.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "tests/entra/config.h"
#include "tests/entra/graph_error.h"
#include "tests/entra/pim_rules.h"

namespace jit::entra {

struct PimGroup {
    std::string id; // lower case, as all ids here
    std::string name;
    std::string policy_id;
    PimRules rules;
    std::vector<std::string> approvers; // by object id
};

struct PimEligibility {
    std::string schedule;
    std::string principal;
    std::string group;
    std::string access_id;
    WallTime start;
};

struct PimRequest {
    std::string id;
    PimOrder order;
    std::string status;
    std::string next_status;         // what it becomes; empty: it stays
    std::optional<BootTime> next_at; // when; nothing: once it has been seen
    WallTime created;
    WallTime start; // as asked for
    std::optional<WallTime> completed;
    std::string schedule; // the activation's
    // The one stage of an approval.
    std::string stage;
    std::string review = "NotReviewed";
    std::string reviewer; // object id
    std::string review_text;
    std::optional<WallTime> reviewed;
};

struct PimInstance {
    std::string id;
    std::string schedule;
    std::string principal;
    std::string group;
    std::string access_id;
    bool is_activation = true; // else assigned by an administrator
    WallTime start;
    std::optional<WallTime> end;
};

// What a test may set for all groups.
struct PimSettings {
    std::chrono::seconds floor{300};           // an activation cannot be ended sooner
    std::chrono::milliseconds provisioning{0}; // how long it is PendingProvisioning
    long page_size = 0;                        // of Graph's lists; 0: everything on one page
    bool is_pascal = false;                    // enumerations as "Activated", not "activated"
    bool is_acrs_named = false;                // the code of a missing context; else UnknownError
};

using PimAnswer = std::variant<PimRequest, GraphError>;

// Safe to use from many threads.
class Pim
{
  public:
    void restore(const Config &config, WallTime now); // as configured: nobody is active

    std::vector<PimGroup> groups() const;
    std::optional<PimGroup> find_group(std::string_view id) const;
    void set_group(PimGroup group); // a new one, or in place of that of its id
    void remove_group(std::string_view id);
    std::vector<PimEligibility> eligibilities() const;
    void add_eligibility(const PimOrder &who, WallTime now);
    void remove_eligibility(const PimOrder &who);
    PimSettings settings() const;
    void change_settings(const PimSettings &settings);

    // selfActivate and selfDeactivate.
    PimAnswer open(const PimOrder &order, Now now);
    // selfActivate, whatever policy and eligibility say.
    PimRequest open_by_force(const PimOrder &order, Now now);
    std::vector<PimRequest> requests(Now now);
    // The request; who asks for it has then seen its state.
    std::optional<PimRequest> look_at(std::string_view id, Now now);
    std::optional<GraphError> cancel(std::string_view id, std::string_view principal, Now now);
    // An approver decides: 403, 404, 409.
    std::optional<GraphError> decide(std::string_view id, std::string_view approver, bool approves,
                                     const std::string &text, Now now);
    // It becomes this at once, whatever it was. False: there is no such request.
    bool set_status(std::string_view id, const std::string &status, Now now);
    // The youngest request that waits for an approver, waited for if there is none.
    std::optional<std::string> wait_for_approval(std::chrono::seconds patience);

    std::vector<PimInstance> instances(Now now);
    bool is_active(std::string_view principal, std::string_view group, Now now);
    // An administrator takes an activation away, or gives a membership for good.
    bool revoke(const PimOrder &who, Now now);
    void assign(const PimOrder &who, Now now);
    // The activation ends so long from now, be it later or sooner.
    bool end_in(const PimOrder &who, std::chrono::seconds time, Now now);

  private:
    PimAnswer activate(const PimOrder &order, Now now);
    PimRequest begin(const PimOrder &order, bool needs_approval, Now now);
    PimAnswer deactivate(const PimOrder &order, Now now);
    std::optional<GraphError> refuse_activation(const PimOrder &order) const;
    GraphError missing_context(const PimGroup &group) const;
    const PimGroup *group_of(std::string_view id) const;
    PimRequest *request_of(std::string_view id);
    PimInstance *instance_of(const PimOrder &who);
    PimRequest &add_request(const PimOrder &order, std::string status, Now now);
    void move_on(PimRequest &request, const std::string &status, Now now);
    void start_provisioning(PimRequest &request, Now now);
    void provision(PimRequest &request, Now now);
    void pass_time(Now now); // whatever was to happen by now

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<PimGroup> groups_;
    std::vector<PimEligibility> eligibilities_;
    std::deque<PimRequest> requests_; // the youngest last
    std::vector<PimInstance> instances_;
    PimSettings settings_;
};

} // namespace jit::entra
