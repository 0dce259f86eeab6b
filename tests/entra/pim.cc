#include "tests/entra/pim.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/base/text.h"
#include "tests/entra/pim_errors.h"
#include "tests/entra/random.h"

namespace jit::entra {

namespace {

constexpr std::size_t max_requests = 5000; // the oldest fall out, so a long test cannot grow

template <typename Row> bool is_of(const Row &row, const PimOrder &who)
{
    return row.principal == who.principal && row.group == who.group &&
           row.access_id == who.access_id;
}

bool is_end(std::string_view status)
{
    return status == "Provisioned" || status == "Denied" || status == "Failed" ||
           status == "Canceled" || status == "Revoked";
}

std::string id_of_schedule(const PimOrder &order, const std::string &request)
{
    return order.group + "_" + order.access_id + "_" + request;
}

} // namespace

void Pim::restore(const Config &config, WallTime now)
{
    {
        const std::lock_guard lock{mutex_};
        groups_.clear();
        eligibilities_.clear();
        requests_.clear();
        instances_.clear();
        settings_ = {};
    }
    for (const PimGroupConfig &written : config.pim_groups) {
        PimGroup group{written.id, written.name, "", written.rules, {}};
        for (const std::string &who : written.approvers)
            if (const User *user = config.find_user(who); user != nullptr)
                group.approvers.push_back(user->oid);
        set_group(std::move(group));
        for (const std::string &who : written.eligible) {
            PimOrder order;
            order.group = written.id;
            if (const User *user = config.find_user(who); user != nullptr) {
                order.principal = user->oid;
                add_eligibility(order, now);
            }
        }
    }
}

// --- groups and who may activate ---------------------------------------------------------------

std::vector<PimGroup> Pim::groups() const
{
    const std::lock_guard lock{mutex_};
    return groups_;
}

const PimGroup *Pim::group_of(std::string_view id) const
{
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const PimGroup &group) { return group.id == id; });
    return found == groups_.end() ? nullptr : &*found;
}

std::optional<PimGroup> Pim::find_group(std::string_view id) const
{
    const std::lock_guard lock{mutex_};
    const PimGroup *group = group_of(id);
    return group == nullptr ? std::nullopt : std::optional{*group};
}

void Pim::set_group(PimGroup group)
{
    const std::lock_guard lock{mutex_};
    if (group.policy_id.empty())
        group.policy_id = "Group_" + group.id + "_" + random_guid();
    for (PimGroup &old : groups_) {
        if (old.id == group.id) {
            old = std::move(group);
            return;
        }
    }
    groups_.push_back(std::move(group));
}

void Pim::remove_group(std::string_view id)
{
    const std::lock_guard lock{mutex_};
    std::erase_if(groups_, [&](const PimGroup &group) { return group.id == id; });
    std::erase_if(eligibilities_, [&](const PimEligibility &row) { return row.group == id; });
    std::erase_if(instances_, [&](const PimInstance &row) { return row.group == id; });
}

std::vector<PimEligibility> Pim::eligibilities() const
{
    const std::lock_guard lock{mutex_};
    return eligibilities_;
}

void Pim::add_eligibility(const PimOrder &who, WallTime now)
{
    remove_eligibility(who);
    const std::lock_guard lock{mutex_};
    eligibilities_.push_back({id_of_schedule(who, random_guid()), who.principal, who.group,
                              who.access_id, now - std::chrono::hours{24}});
}

void Pim::remove_eligibility(const PimOrder &who)
{
    const std::lock_guard lock{mutex_};
    std::erase_if(eligibilities_, [&](const PimEligibility &row) { return is_of(row, who); });
}

PimSettings Pim::settings() const
{
    const std::lock_guard lock{mutex_};
    return settings_;
}

void Pim::change_settings(const PimSettings &settings)
{
    const std::lock_guard lock{mutex_};
    settings_ = settings;
}

// --- requests ----------------------------------------------------------------------------------

void Pim::pass_time(Now now)
{
    for (PimRequest &request : requests_)
        if (!request.next_status.empty() && request.next_at && now.boot >= *request.next_at)
            move_on(request, std::exchange(request.next_status, {}), now);
    std::erase_if(instances_,
                  [&](const PimInstance &one) { return one.end && *one.end <= now.wall; });
}

PimRequest *Pim::request_of(std::string_view id)
{
    const auto found = std::find_if(requests_.begin(), requests_.end(),
                                    [&](const PimRequest &one) { return one.id == id; });
    return found == requests_.end() ? nullptr : &*found;
}

PimInstance *Pim::instance_of(const PimOrder &who)
{
    const auto found = std::find_if(instances_.begin(), instances_.end(),
                                    [&](const PimInstance &one) { return is_of(one, who); });
    return found == instances_.end() ? nullptr : &*found;
}

PimRequest &Pim::add_request(const PimOrder &order, std::string status, Now now)
{
    if (requests_.size() >= max_requests)
        requests_.pop_front();
    PimRequest &request = requests_.emplace_back();
    request.id = random_guid();
    request.stage = random_guid();
    request.order = order;
    request.start = now.wall + order.delay;
    request.created = std::min(now.wall, request.start); // one that began before was asked for then
    move_on(request, status, now);
    return request;
}

void Pim::move_on(PimRequest &request, const std::string &status, Now now)
{
    request.status = status;
    if (is_end(status))
        request.completed = now.wall;
    if (status == "Provisioned")
        provision(request, now);
    changed_.notify_all();
}

void Pim::provision(PimRequest &request, Now now)
{
    const PimOrder &order = request.order;
    if (to_lower(order.action) == "selfdeactivate")
        return;
    PimInstance instance;
    request.schedule = instance.schedule = id_of_schedule(order, request.id);
    instance.id = id_of_schedule(order, random_guid());
    instance.principal = order.principal;
    instance.group = order.group;
    instance.access_id = order.access_id;
    instance.is_activation = to_lower(order.action) == "selfactivate";
    instance.start = now.wall + order.delay;
    if (order.duration > std::chrono::seconds{0})
        instance.end = instance.start + order.duration;
    instances_.push_back(std::move(instance));
}

GraphError Pim::missing_context(const PimGroup &group) const
{
    return settings_.is_acrs_named ? make_named_acrs_error(group.rules.context)
                                   : make_unknown_acrs_error(group.rules.context);
}

std::optional<GraphError> Pim::refuse_activation(const PimOrder &order) const
{
    const PimGroup *group = group_of(order.group);
    if (group == nullptr ||
        std::none_of(eligibilities_.begin(), eligibilities_.end(),
                     [&](const PimEligibility &row) { return is_of(row, order); }))
        return make_rules_error({"EligibilityRule"});
    if (std::any_of(instances_.begin(), instances_.end(),
                    [&](const PimInstance &row) { return is_of(row, order); }))
        return make_pim_error("RoleAssignmentExists");
    for (const PimRequest &other : requests_)
        if (other.order.principal == order.principal && other.order.group == order.group &&
            other.order.access_id == order.access_id && !is_end(other.status))
            return make_pim_error("PendingRoleAssignmentRequest");
    if (!satisfies_context(group->rules, order.sign_in))
        return missing_context(*group);
    if (const auto failed = failed_rules(group->rules, order); !failed.empty())
        return make_rules_error(failed);
    return std::nullopt;
}

PimAnswer Pim::activate(const PimOrder &order, Now now)
{
    if (auto refusal = refuse_activation(order))
        return *std::move(refusal);
    if (order.is_validation_only) { // a dry run, of which nothing stays
        PimRequest request;
        request.id = random_guid();
        request.order = order;
        request.status = "Granted";
        request.created = now.wall;
        request.start = now.wall + order.delay;
        return request;
    }
    return begin(order, group_of(order.group)->rules.needs_approval, now);
}

PimRequest Pim::begin(const PimOrder &order, bool needs_approval, Now now)
{
    PimRequest &request = add_request(order, "Granted", now);
    if (!order.status.empty()) {
        request.next_status = order.next_status;
        move_on(request, order.status, now);
    } else if (needs_approval) {
        move_on(request, "PendingApproval", now);
    } else {
        start_provisioning(request, now);
    }
    return request;
}

void Pim::start_provisioning(PimRequest &request, Now now)
{
    if (settings_.provisioning.count() == 0)
        return move_on(request, "Provisioned", now);
    move_on(request, "PendingProvisioning", now);
    request.next_status = "Provisioned";
    request.next_at = now.boot + settings_.provisioning;
}

PimRequest Pim::open_by_force(const PimOrder &order, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    return begin(order, false, now);
}

PimAnswer Pim::deactivate(const PimOrder &order, Now now)
{
    const PimInstance *instance = instance_of(order);
    if (instance == nullptr || !instance->is_activation)
        return make_pim_error("RoleAssignmentDoesNotExist");
    if (now.wall - instance->start < settings_.floor)
        return make_pim_error("ActiveDurationTooShort");
    std::erase_if(instances_, [&](const PimInstance &one) { return is_of(one, order); });
    return add_request(order, "Revoked", now);
}

PimAnswer Pim::open(const PimOrder &order, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    return to_lower(order.action) == "selfactivate" ? activate(order, now) : deactivate(order, now);
}

std::vector<PimRequest> Pim::requests(Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    return {requests_.begin(), requests_.end()};
}

std::optional<PimRequest> Pim::look_at(std::string_view id, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimRequest *request = request_of(id);
    if (request == nullptr)
        return std::nullopt;
    PimRequest seen = *request;
    if (!request->next_status.empty() && !request->next_at)
        move_on(*request, std::exchange(request->next_status, {}), now);
    return seen;
}

std::optional<GraphError> Pim::cancel(std::string_view id, std::string_view principal, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimRequest *request = request_of(id);
    if (request == nullptr || request->order.principal != principal)
        return make_pim_error("ResourceNotFound");
    if (is_end(request->status))
        return make_pim_error("RequestCannotBeCancelled");
    request->next_status.clear();
    move_on(*request, "Canceled", now);
    return std::nullopt;
}

std::optional<GraphError> Pim::decide(std::string_view id, std::string_view approver, bool approves,
                                      const std::string &text, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimRequest *request = request_of(id);
    if (request == nullptr)
        return make_pim_error("ResourceNotFound");
    const PimGroup *group = group_of(request->order.group);
    if (group == nullptr || !contains(group->approvers, approver))
        return make_pim_error("Authorization_RequestDenied");
    if (request->status != "PendingApproval")
        return make_pim_error("RequestAlreadyDecided");
    request->review = approves ? "Approve" : "Deny";
    request->reviewer = approver;
    request->review_text = text;
    request->reviewed = now.wall;
    request->next_status.clear();
    if (approves)
        start_provisioning(*request, now);
    else
        move_on(*request, "Denied", now);
    return std::nullopt;
}

bool Pim::set_status(std::string_view id, const std::string &status, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimRequest *request = request_of(id);
    if (request == nullptr)
        return false;
    request->next_status.clear();
    move_on(*request, status, now);
    return true;
}

std::optional<std::string> Pim::wait_for_approval(std::chrono::seconds patience)
{
    std::optional<std::string> found;
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, [&] {
        for (auto one = requests_.rbegin(); one != requests_.rend() && !found; ++one)
            if (one->status == "PendingApproval")
                found = one->id;
        return found.has_value();
    });
    return found;
}

// --- who is active -----------------------------------------------------------------------------

std::vector<PimInstance> Pim::instances(Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    std::vector<PimInstance> begun;
    std::copy_if(instances_.begin(), instances_.end(), std::back_inserter(begun),
                 [&](const PimInstance &one) { return one.start <= now.wall; });
    return begun;
}

bool Pim::is_active(std::string_view principal, std::string_view group, Now now)
{
    const std::vector<PimInstance> rows = instances(now);
    return std::any_of(rows.begin(), rows.end(), [&](const PimInstance &row) {
        return row.principal == principal && row.group == group && row.access_id == "member";
    });
}

bool Pim::revoke(const PimOrder &who, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    if (instance_of(who) == nullptr)
        return false;
    std::erase_if(instances_, [&](const PimInstance &one) { return is_of(one, who); });
    PimOrder order = who;
    order.action = "adminRemove";
    add_request(order, "Revoked", now);
    return true;
}

void Pim::assign(const PimOrder &who, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimOrder order = who;
    order.action = "adminAssign";
    add_request(order, "Provisioned", now);
}

bool Pim::end_in(const PimOrder &who, std::chrono::seconds time, Now now)
{
    const std::lock_guard lock{mutex_};
    pass_time(now);
    PimInstance *instance = instance_of(who);
    if (instance == nullptr)
        return false;
    instance->end = now.wall + time;
    return true;
}

} // namespace jit::entra
