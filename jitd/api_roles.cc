// Which roles the caller could ask for, and why not the others.
#include "jitd/api.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/ipc/frame.h"
#include "lib/ipc/roles.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

// What is written of a role at most: names hold nothing that JSON would escape, the two texts may.
std::size_t wire_bytes(const policy::Role &role)
{
    constexpr std::size_t members = 256;
    std::size_t bytes = members + role.name.size() + 6 * role.description.size();
    for (const std::string &group : role.groups)
        bytes += group.size() + 3;
    return bytes + 16 * role.services.size();
}

ipc::Cause cause_of(HelperFault::Kind kind)
{
    return kind == HelperFault::Kind::refused           ? ipc::Cause::refused
           : kind == HelperFault::Kind::policy_mismatch ? ipc::Cause::policy_changed
                                                        : ipc::Cause::failed;
}

// Puts what the helper would not grant now among the others.
void leave_out(ipc::RolesReply &reply, const std::vector<ipc::GrantCall> &asked,
               const RoleTrials::Results &results)
{
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const std::string &role = asked[i].role;
        if (!results[i])
            continue;
        std::erase_if(reply.roles, [&](const ipc::RoleRecord &one) { return one.name == role; });
        reply.others.push_back(
            {role, std::string{ipc::name_of(cause_of(results[i]->kind))}, results[i]->message});
    }
    std::sort(reply.others.begin(), reply.others.end(),
              [](const auto &one, const auto &other) { return one.name < other.name; });
}

} // namespace

ipc::RoleRecord Api::make_role_record(const policy::Role &role, const std::string &user) const
{
    ipc::RoleRecord record{role.name,     role.description,      role.groups,
                           role.services, role.default_duration, role.max_duration,
                           std::nullopt,  std::nullopt};
    for (const Grant *grant : parts_.grants.table().of_user(user)) {
        if (grant->role == role.name && state_of(*grant) == ipc::State::live) {
            record.grant = grant->id;
            record.until = grant->until;
            break;
        }
    }
    return record;
}

void Api::answer_roles(Call exchange)
{
    const auto call = ipc::decode_roles_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    const Settings &settings = parts_.settings;
    if (!settings.config)
        return fail(exchange, ipc::Fault::misconfigured, words::misconfigured);
    if (!settings.policy)
        return fail(exchange, ipc::Fault::misconfigured, words::no_policy);
    const policy::Person person = read_person(caller->user);
    const WallTime now = wall_time();
    ipc::RolesReply reply;
    // Limits are counted by the helper alone; of somebody unknown there is nothing to count, and
    // what he has already is not refused.
    std::vector<ipc::GrantCall> trials;
    const auto is_tried = [&](const policy::Role &role) {
        return role.limits.is_any() && !role.shared && !person.oid.empty() &&
               !reply.roles.back().grant && trials.size() < limits::role_trials;
    };
    std::size_t bytes = 0;
    std::string_view last;
    for (const policy::Role &role : settings.policy->roles) {
        if (call->after && role.name <= *call->after)
            continue;
        policy::Ask ask;
        ask.role = role.name;
        ask.may_add_reason = true;
        if (call->tty)
            ask.whence.tty = *call->tty;
        const auto decision = policy::decide(*settings.policy, ask, person, settings.host, {}, now);
        std::string why = policy::explain(decision, role.name, caller->user);
        bytes += decision.is_refused() ? role.name.size() + 2 * why.size() + 128 : wire_bytes(role);
        if (bytes > ipc::max_frame_bytes / 2 && !last.empty()) {
            reply.next = last;
            break;
        }
        if (decision.is_refused())
            reply.others.push_back(
                {role.name, std::string{name_of(decision.refusal)}, std::move(why)});
        else {
            reply.roles.push_back(make_role_record(role, caller->user));
            if (auto id = is_tried(role) ? sys::make_id() : Result<std::string>{std::string{}};
                id && !id->empty())
                trials.push_back({*std::move(id), caller->user, role.name, person.oid,
                                  role.default_duration, settings.policy_digest, true});
        }
        last = role.name;
    }
    if (trials.empty())
        return exchange->reply(ipc::encode_roles_reply(reply));
    role_trials_.ask(trials, [exchange, reply, trials](const RoleTrials::Results &results) {
        ipc::RolesReply left = reply;
        leave_out(left, trials, results);
        exchange->reply(ipc::encode_roles_reply(left));
    });
}

} // namespace jit::daemon
