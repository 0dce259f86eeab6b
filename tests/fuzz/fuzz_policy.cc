// Any bytes as a policy set and as jitd.toml: diagnostics or a result, never a crash; and what was
// read holds what its headers promise.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "lib/base/text.h"
#include "policy/approving.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "policy/expectations.h"
#include "policy/parse.h"
#include "policy/services.h"
#include "policy/sudoers.h"
#include "tests/fuzz/expect.h"

using namespace jit::policy;

namespace {

std::shared_ptr<const jit::Zone> find_zone(std::string_view name)
{
    using std::chrono::hours;
    if (name.empty() || name.size() > 3)
        return nullptr;
    // One that changes a day after the time below, by what its name says.
    const jit::WallTime change{hours{24 * 20000 + 24}};
    return std::make_shared<jit::Zone>(
        jit::Zone{std::string{name}, hours{1}, {{change, hours{name.front() % 12}}}});
}

// What is told of a role's hours is so.
void check_hours(const Conditions &conditions)
{
    using std::chrono::hours;
    const auto &[windows, zone] = std::tie(conditions.hours, conditions.zone);
    expect(zone != nullptr);
    if (windows.empty())
        return;
    for (jit::WallTime at{hours{24 * 20000}}; at < jit::WallTime{hours{24 * 20003}};
         at += hours{1}) {
        const jit::WallTime close = closes_at(windows, *zone, at, hours{24});
        const bool open = is_open(windows, *zone, at);
        expect(open == (close > at) && close <= at + hours{24});
        expect(close == at + hours{24} || !is_open(windows, *zone, close));
        const auto opens = opens_at(windows, *zone, at);
        expect(opens && *opens >= at && is_open(windows, *zone, *opens) && open == (*opens == at));
    }
}

// Each mode has what it needs, and nothing of the others.
void check_approval(const Role &role)
{
    const Approval &approval = role.approval;
    const bool has_approvers = approval.mode == Approval::Mode::approver;
    const bool is_watch = approval.mode == Approval::Mode::watch;
    expect(approval.approvers.empty() != has_approvers && approval.approvers.size() <= 64);
    expect(approval.quorum >= 1 && approval.quorum <= (has_approvers ? 32U : 1U));
    expect(approval.pim_group.empty() == (approval.mode != Approval::Mode::pim && !is_watch));
    expect(approval.pim_group.empty() || jit::is_guid(approval.pim_group));
    expect(approval.pim_group == jit::to_lower(approval.pim_group));
    expect(is_watch || (approval.window.count() == 0 && approval.bind == Approval::Bind::token));
    expect(approval.window >= std::chrono::seconds{0} && approval.window <= std::chrono::hours{1});
    std::vector<std::string> everybody;
    for (const Approver &approver : approval.approvers)
        everybody.push_back(approver.value);
    for (const std::string &one : everybody) {
        Person person;
        person.oid = one;
        person.signed_in = true;
        person.groups = everybody;
        expect(approver_standing(role, one, person) == ApproverStanding::requester);
        expect(!is_quorum(role, one, {&one, 1}));
    }
}

// What a role asks for stands in the way of nobody by itself, and what it needs is there.
void check_role(const Role &role)
{
    const auto &[approval, conditions, justification, limits] =
        std::tie(role.approval, role.conditions, role.justification, role.limits);
    const bool is_unattended =
        approval.mode == Approval::Mode::none || approval.mode == Approval::Mode::watch;
    expect(approval.timeout >= std::chrono::seconds{30});
    expect(!is_unattended || !role.shared);
    check_approval(role);
    for (const Requester &requester : role.requesters)
        expect(!is_unattended || requester.kind == Requester::Kind::user ||
               requester.kind == Requester::Kind::local_group);
    const bool is_fresh =
        !conditions.auth_context.empty() || conditions.auth_age || conditions.accept_stale_signin;
    expect(!is_unattended || !is_fresh);
    expect(!role.allow_root_equivalent ||
           (limits.per_day && (is_fresh || is_unattended || approval.mode == Approval::Mode::pim)));
    for (const std::string &service : role.services)
        expect(conditions.from.empty() || has_address(service));
    expect(conditions.from.empty() || !role.services.empty());
    expect(justification.hint == jit::safe_text(justification.hint, 128));
    if (justification.pattern)
        (void)justification.pattern->is_in(role.description);
    for (const auto &limit : {limits.per_day, limits.cooldown})
        expect(!limit || (limit->count() > 0 && *limit <= std::chrono::hours{24}));
    expect(!limits.max_active || (*limits.max_active > 0 && *limits.max_active <= 256));
}

// Sudo's side of it: each line is a comment, or of one of the three kinds that we write.
void check_sudoers(const std::string &text)
{
    expect(text.ends_with('\n'));
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        expect(line.empty() || line.starts_with("# ") || line.starts_with("Cmnd_Alias JIT_") ||
               line.starts_with("Defaults!JIT_") || line.find(" ALL = (") != std::string::npos);
        expect(line.starts_with("# ") || line.find('\\') == std::string::npos);
        at = end + 1;
    }
}

// Who is nobody gets nothing; of an account that people share it is told once he has signed in.
void check_nobody(const Policy &policy, const Role &role)
{
    const Ask ask{role.name, {}, {}, false, {}};
    Person nobody;
    const Decision before = decide(policy, ask, nobody, {}, {}, {});
    expect(before.is_refused() || (role.shared && before.needs_sign_in));
    nobody.signed_in = true;
    expect(decide(policy, ask, nobody, {}, {}, {}).is_refused());
}

void check_policy(const std::vector<SourceFile> &files, bool ids_are_guids)
{
    const ParsedPolicy parsed = parse_policy(files, {ids_are_guids, find_zone});
    expect(parsed.policy.has_value() == !has_error(parsed.diagnostics));
    expect(parsed.diagnostics.size() <= 101);
    for (const Diagnostic &diagnostic : parsed.diagnostics)
        expect(format_diagnostic(diagnostic).find('\n') == std::string::npos);
    if (!parsed.policy)
        return;
    expect(!parsed.policy->roles.empty());
    for (const Role &role : parsed.policy->roles) {
        expect(!role.groups.empty() && !role.requesters.empty() && !role.accounts.empty());
        expect(role.max_duration.count() > 0 && role.default_duration.count() > 0);
        expect(role.default_duration <= role.max_duration);
        check_role(role);
        check_hours(role.conditions);
        check_nobody(*parsed.policy, role);
    }
    for (const auto style : {SudoersStyle::gate, SudoersStyle::group})
        check_sudoers(render_sudoers(*parsed.policy, {}, {}, style));
    // No account may stand before two roles of one service, if what is behind it differs.
    for (const Role &role : parsed.policy->roles)
        for (const AccountPattern &pattern : role.accounts) {
            const auto gating = gating_roles(*parsed.policy, {"sudo-i", {pattern.glob}});
            for (const Role *each : gating)
                expect(gating.size() == 1 || (!each->sudo_rules.empty() &&
                                              each->sudo_rules == gating.front()->sudo_rules));
        }
}

// An entry of sudo.rules is of one line and one command, or none.
void check_sudo_rule(const std::string &text)
{
    const auto rule = parse_sudo_rule(text);
    if (!rule)
        return;
    expect("(" + rule->runas + ") " + rule->tags + rule->command == text && text.size() <= 512);
    for (const char c : std::string{"\n\r\t,!#\\\"=%^"} + '\0')
        expect(text.find(c) == std::string::npos);
    expect(rule->command == "ALL" || rule->command.starts_with('/') ||
           rule->command.starts_with("sudoedit /"));
}

void check_expectations(const std::string &text)
{
    const ParsedExpectations parsed = parse_expectations({"/t.toml", text});
    expect(parsed.diagnostics.size() <= 101);
    for (const Diagnostic &diagnostic : parsed.diagnostics)
        expect(format_diagnostic(diagnostic).find('\n') == std::string::npos);
    if (has_error(parsed.diagnostics))
        return;
    expect(!parsed.cases.empty());
    for (const Expectation &one : parsed.cases) {
        expect(!one.name.empty() && one.name.find('\n') == std::string::npos && one.line > 0);
        expect(!one.is_granted || !one.refusal);
        expect(!one.duration || one.is_granted);
        // Without a role all is refused.
        const std::string difference = find_difference({}, one);
        expect(difference.empty() ==
               (!one.is_granted && (!one.refusal || *one.refusal == Refusal::unknown_role)));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char *>(data), size};
    // A form feed parts the set into files: it can't stand in TOML.
    std::vector<SourceFile> files;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\f', at), text.size());
        files.push_back({"/p/" + std::to_string(files.size()), text.substr(at, end - at)});
        at = end + 1;
    }
    check_policy(files, true);
    check_policy(files, false);
    expect(canonical_text(files).size() >= text.size() - (files.size() - 1));

    check_sudo_rule(text);
    check_expectations(text);

    const ParsedConfig config = parse_config({"/jitd.toml", text});
    expect(config.config.has_value() == !has_error(config.diagnostics));
    if (config.config) {
        expect(config.config->discovery_url.starts_with("https://"));
        expect(!config.config->client_id.empty() && !config.config->verification_hosts.empty());
        const bool is_by_name = config.config->match == Config::Match::upn;
        expect(is_by_name ? config.config->is_entra : config.config->domain.empty());
        expect(config.config->domain.empty() != is_by_name);
        expect(config.config->webhooks.size() <= 16);
        for (const Webhook &webhook : config.config->webhooks) {
            expect(webhook.url.starts_with("https://" + webhook.host) && !webhook.host.empty());
            expect(!webhook.events.empty() &&
                   webhook.url.find_first_of(" #\n") == webhook.url.npos);
            expect(webhook.hmac_key.empty() || webhook.format == Webhook::Format::json);
        }
        // A user is known by the map, by his name, or not at all.
        for (const char *user : {"alice", "Bob", "a@b", "c.", ""}) {
            const std::string upn = config.config->upn_of(user);
            expect(upn.empty() || (is_by_name && config.config->person_of(user).empty()));
            expect(std::count(upn.begin(), upn.end(), '@') == (upn.empty() ? 0 : 1));
            expect(upn == jit::to_lower(upn));
        }
    }
    return 0;
}
