#include "jitd/door.h"

#include <algorithm>

#include "jitd/records.h"
#include "jitd/shared_logins.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "policy/services.h"
#include "policy/unmet.h"

namespace jit::daemon {

namespace {

using Roles = std::vector<const policy::Role *>;

// One more than the module shows (lib/ipc/reply_reader.h): it then says that there are more.
constexpr std::size_t max_choices = 33;

AuditRecord make_record(Event event, const ipc::CheckCall &call, std::string rule,
                        std::string message)
{
    AuditRecord record;
    record.event = event;
    record.message = std::move(message);
    record.user = safe_text(call.requester, 64); // the name that it is, or what stands for one
    record.role = call.role.value_or("");
    record.service = call.service;
    record.tty = call.tty.value_or("");
    record.rhost = call.rhost.value_or("");
    record.command = call.command.value_or("");
    record.rule = std::move(rule);
    return record;
}

std::string where(const ipc::CheckCall &call)
{
    return safe_text(call.requester, 64) + " at " + safe_text(call.service, 64);
}

// By the configuration, or by the line in the PAM file.
bool is_observed(const ipc::CheckCall &call, const DoorFacts &facts)
{
    return call.observe || (facts.settings.config && facts.settings.config->observe);
}

// A refusal; on a host that only observes, what would have been one.
DoorAnswer refuse(const ipc::CheckCall &call, const DoorFacts &facts, std::string rule,
                  std::string message)
{
    const bool observes = is_observed(call, facts);
    DoorAnswer answer;
    answer.reply.verdict = observes ? ipc::Verdict::observed : ipc::Verdict::denied;
    // Where the host only observes, auth and account are both asked: one would-be refusal is one
    // record.
    if (!observes || call.phase == ipc::Phase::account)
        answer.record = make_record(
            observes ? Event::observed : Event::refused, call, std::move(rule),
            where(call) + (observes ? " would be refused: " : " is refused: ") + message);
    answer.reply.message = std::move(message);
    return answer;
}

DoorAnswer refuse_unproven(const ipc::CheckCall &call, const DoorFacts &facts)
{
    return refuse(call, facts, std::string{rule_unproven},
                  std::string{call.connection ? words::unproven_login : words::unproven});
}

DoorAnswer fail(ipc::Fault fault, std::string_view message)
{
    DoorAnswer answer;
    answer.fault = fault;
    answer.fault_message = message;
    return answer;
}

bool is_exempt(const ipc::CheckCall &call, const policy::Config &config)
{
    return std::any_of(config.exempt.begin(), config.exempt.end(), [&](const auto &exemption) {
        return exemption.service == call.service && exemption.account == call.account;
    });
}

policy::Whence whence_of(const ipc::CheckCall &call)
{
    return {call.tty ? std::string_view{*call.tty} : std::string_view{},
            call.rhost ? std::string_view{*call.rhost} : std::string_view{}};
}

// What sudo asks by for some commands is sudo all the same: a role's pam_service that is misspelt
// in one of two places opens nothing.
bool is_strict(std::string_view service, const std::vector<std::string> &strict)
{
    const auto holds = [&](std::string_view name) {
        return std::find(strict.begin(), strict.end(), name) != strict.end();
    };
    return holds(policy::asked_as(service)) || holds(service) ||
           (service.starts_with("sudo-") && holds("sudo"));
}

// To a shared account each comes by his own grant: the one of this login, or of his key.
bool is_for_login(const Grant &grant, const policy::Role &role, const DoorFacts &facts)
{
    if (!grant.is_of_login && !role.shared)
        return true;
    const bool is_by_key =
        role.reuse == policy::Role::Reuse::key && !facts.key.empty() && grant.key == facts.key;
    return grant.is_of_login && role.shared && (grant.id == facts.login_grant || is_by_key);
}

// Who has a role passes by it only from where it may be asked for.
const Grant *find_live(const ipc::CheckCall &call, const Roles &roles, const DoorFacts &facts)
{
    for (const Grant *grant : facts.grants.of_user(call.requester)) {
        const bool opens = std::any_of(roles.begin(), roles.end(), [&](const policy::Role *role) {
            return role->name == grant->role && is_for_login(*grant, *role, facts) &&
                   policy::find_out_of_place(*role, whence_of(call)) == policy::Refusal::none;
        });
        if (opens && !grant->is_used && is_live(*grant, facts.now, facts.has_membership))
            return grant;
    }
    return nullptr;
}

DoorAnswer pass(const ipc::CheckCall &call, const Grant &grant, const DoorFacts &facts)
{
    DoorAnswer answer;
    const bool observes = is_observed(call, facts);
    answer.reply.verdict = observes ? ipc::Verdict::observed : ipc::Verdict::live;
    // The grant says what the requester may, not that this is him. That is a refusal of the auth
    // phase alone; without a grant the account phase has one, which is the record.
    if (observes && call.unproven && call.phase == ipc::Phase::auth)
        answer.record = make_record(Event::observed, call, std::string{rule_unproven},
                                    where(call) + " would be refused: nobody has proven who it is");
    answer.reply.role = grant.role;
    answer.reply.grant = grant.id;
    answer.reply.until = grant.until;
    const policy::Role *const role = facts.settings.policy->find(grant.role);
    answer.reply.confine = role != nullptr && role->end.action == policy::End::Action::terminate;
    if (grant.is_of_login && grant.id != facts.login_grant && call.phase == ipc::Phase::account) {
        answer.record = record_of(grant, Event::by_key);
        answer.record->message = name_person(grant.oid, &*facts.settings.config) + " as " +
                                 where(call) + " comes by the key of a live grant";
        answer.record->service = call.service;
        answer.record->tty = call.tty.value_or("");
        answer.record->rhost = call.rhost.value_or("");
        answer.record->reason.clear();
        answer.record->rule = "reuse";
    }
    if (answer.reply.verdict == ipc::Verdict::live && call.phase == ipc::Phase::account &&
        policy::is_su(call.service) && role != nullptr && role->carry)
        answer.reply.carry = facts.find_gids(grant.groups);
    return answer;
}

// Without a live grant: which of the roles could the requester ask for?
DoorAnswer offer(const ipc::CheckCall &call, const Roles &roles, const DoorFacts &facts)
{
    const policy::Person person = facts.read_person(call.requester);
    std::vector<std::string> open;
    policy::Decision first; // of the first role
    NoLogin no;             // of the first that has one
    bool is_any_shared = false;
    for (const policy::Role *role : roles) {
        if (auto found = why_no_login(*role, call.service, call.proof.has_value())) {
            no = no ? no : std::move(found);
            continue;
        }
        policy::Ask ask;
        ask.role = role->name;
        ask.may_add_reason = true;
        ask.whence = whence_of(call);
        const auto decision = policy::decide(*facts.settings.policy, ask, person,
                                             facts.settings.host, {}, facts.now.wall);
        if (first.role == nullptr)
            first = decision;
        // Nobody would sign in, and so prove anything.
        const bool proves_nothing = call.unproven && !decision.needs_sign_in;
        if (!decision.is_refused() && !proves_nothing) {
            open.push_back(role->name);
            is_any_shared = is_any_shared || role->shared;
        }
        if (open.size() == max_choices)
            break;
    }
    if (open.empty() && first.role == nullptr)
        return refuse(call, facts, std::string{no.rule}, no.line);
    if (open.empty() && !first.is_refused())
        return refuse_unproven(call, facts);
    if (open.empty())
        return refuse(call, facts, std::string{policy::name_of(first.refusal)},
                      policy::explain(first, first.role->name, call.requester));
    // In the account phase nothing can be asked for any more: it is a refusal, and the module says
    // what to do. So it is where the host only observes, which asks for nothing.
    DoorAnswer answer;
    if (is_observed(call, facts) || call.phase == ipc::Phase::account)
        answer = refuse(call, facts, "no-grant",
                        "no live grant of role \"" + open.front() + "\" for " + call.requester);
    if (answer.reply.verdict == ipc::Verdict::observed)
        return answer;
    answer.reply.message.reset();
    if (is_any_shared)
        answer.no_login = words::no_login(open.front(), call.service);
    answer.reply.verdict = open.size() == 1 ? ipc::Verdict::request : ipc::Verdict::choose;
    if (open.size() == 1)
        answer.reply.role = open.front();
    else
        answer.reply.roles = std::move(open);
    return answer;
}

} // namespace

DoorAnswer answer_check(const ipc::CheckCall &call, const DoorFacts &facts)
{
    const Settings &settings = facts.settings;
    if (!settings.config) {
        if (call.observe)
            return refuse(call, facts, "misconfigured", std::string{words::misconfigured});
        return fail(ipc::Fault::misconfigured, words::misconfigured);
    }
    if (call.problem)
        return refuse(call, facts, "no-caller", safe_text(*call.problem, 128));
    if (is_exempt(call, *settings.config)) {
        DoorAnswer answer;
        answer.reply.verdict = ipc::Verdict::exempt;
        // Auth and account both come here; one use is one record.
        if (call.phase == ipc::Phase::account)
            answer.record = make_record(Event::exempted, call, "exempt",
                                        where(call) + " passes by [pam] exempt");
        return answer;
    }
    if (!settings.policy) {
        if (is_observed(call, facts))
            return refuse(call, facts, "no-policy", std::string{words::no_policy});
        return fail(ipc::Fault::misconfigured, words::no_policy);
    }

    Roles roles;
    if (call.role) {
        const policy::Role *const role = settings.policy->find(*call.role);
        if (!role) {
            policy::Decision unknown;
            unknown.refusal = policy::Refusal::unknown_role;
            return refuse(call, facts, std::string{policy::name_of(unknown.refusal)},
                          policy::explain(unknown, *call.role, call.requester));
        }
        roles.push_back(role);
    } else {
        roles = policy::gating_roles(*settings.policy, {call.service, call.account_names});
    }
    if (roles.empty()) {
        if (is_strict(call.service, settings.config->strict_services))
            return refuse(
                call, facts, "strict-service",
                words::no_role_opens(safe_text(call.service, 64), safe_text(call.account, 64)));
        DoorAnswer answer;
        answer.reply.verdict = ipc::Verdict::ignore;
        return answer;
    }
    if (!facts.is_reconciled)
        return refuse(call, facts, "not-reconciled", std::string{words::not_reconciled});
    // By the account phase something has let him pass auth.
    const bool is_unproven = call.unproven && call.phase == ipc::Phase::auth;
    const Grant *const grant = find_live(call, roles, facts);
    if (grant != nullptr && (!is_unproven || is_observed(call, facts)))
        return pass(call, *grant, facts);
    if (is_unproven && !settings.config->unproven_start)
        return refuse_unproven(call, facts);
    // A grant says what its owner may, not that he is there: that, his sign-in has to say anew.
    if (grant != nullptr)
        roles = {settings.policy->find(grant->role)};
    return offer(call, roles, facts);
}

} // namespace jit::daemon
