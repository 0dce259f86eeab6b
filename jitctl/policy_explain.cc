// `jitctl policy explain`: what would come of a request, rule by rule. Asks nobody, grants nothing.
#include <algorithm>
#include <utility>

#include "jitctl/asker.h"
#include "jitctl/policy_files.h"
#include "jitctl/policy_load.h"
#include "jitctl/policy_report.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/oidc/claims.h"
#include "policy/argue.h"

namespace jit::ctl {

namespace {

// The claims in a file; absent: there are none, which is said.
std::optional<oidc::Claims> read_claims_of(const Output &output, const std::string &path,
                                           bool is_entra)
{
    const PolicyFiles file = read_claims(path);
    std::vector<policy::Diagnostic> faults = file.diagnostics;
    if (!file.files.empty()) {
        const oidc::Json object = oidc::parse_object(file.files.front().text);
        auto read = oidc::read_unjudged(object.get(), is_entra);
        if (auto *const claims = object ? std::get_if<oidc::Claims>(&read) : nullptr)
            return std::move(*claims);
        faults.push_back(
            {policy::Diagnostic::Kind::error, path, 0, 0,
             std::string{"not the claims of an ID token: expected a JSON object with "} +
                 (is_entra ? "oid, and groups, roles, acrs and auth_time in their "
                             "usual form"
                           : "sub")});
    }
    (void)report_faults(output, faults, "the claims can't be read, so nothing can be said of them");
    return std::nullopt;
}

// What came of it, in the words of jitd's audit.
struct Outcome {
    std::string refusal; // empty: it would be granted
    std::string message;
};

// Of a person who is found by his name, what that alone leaves open.
std::string say_pin(const Asker &asker, const std::optional<policy::Config> &config)
{
    const bool is_found = asker.person.signed_in && !asker.upn.empty();
    return is_found && config->pin == policy::Config::Pin::root
               ? ", if root has confirmed who he is, since pin = \"root\""
               : "";
}

Outcome outcome_of(const policy::Decision &decision, const Asker &asker,
                   const std::optional<policy::Config> &config, const policy::Finding &uid)
{
    const policy::Role &role = *decision.role;
    const std::string &user = asker.person.user;
    if (decision.is_refused())
        return {std::string{policy::name_of(decision.refusal)},
                policy::explain(decision, role.name, user)};
    if (uid.verdict == policy::Finding::Verdict::unmet)
        return {"system-account", uid.text};
    const std::string then = policy::approval_of(role, asker.person.oid);
    return {"",
            "role \"" + role.name + "\" would be granted to " + user + " for " +
                format_duration(decision.duration) +
                (decision.needs_sign_in ? ", once the sign-in has shown what is left open" : "") +
                (role.shared ? "" : say_pin(asker, config)) + (then.empty() ? "" : ", " + then)};
}

// What argue() is not told of: jitd finds a person by his name, and asks whose account it is.
void add_account(std::vector<policy::Finding> &findings, const policy::Role &role,
                 const Asker &asker, const std::optional<policy::Config> &config,
                 policy::Finding uid)
{
    for (policy::Finding &one : findings) {
        if (one.rule != "person" || role.shared)
            continue;
        if (!asker.wrong_person.empty())
            one = {one.rule, policy::Finding::Verdict::unmet, asker.wrong_person};
        else if (!asker.upn.empty() && !asker.person.signed_in)
            one.text = "the sign-in has to be that of " + safe_text(asker.upn, 320) +
                       ", or of who is pinned";
        else if (const std::string pin = say_pin(asker, config); !pin.empty())
            one = {one.rule, policy::Finding::Verdict::later, one.text + pin};
    }
    const bool has_approval = !findings.empty() && findings.back().rule == "approval";
    findings.insert(findings.end() - (has_approval ? 1 : 0), std::move(uid));
    findings.push_back(policy::argue_doors(role, asker.person.user));
}

void print_findings(const Output &output, const std::vector<policy::Finding> &findings)
{
    constexpr std::size_t rule_columns = 24;
    constexpr std::size_t verdict_columns = 7;
    const auto pad = [](std::string_view text, std::size_t columns) {
        return std::string{text} + std::string(columns - std::min(columns, text.size()), ' ');
    };
    for (const policy::Finding &one : findings)
        if (one.verdict != policy::Finding::Verdict::unset)
            output.print("  " + pad(one.rule, rule_columns) +
                         pad(name_of(one.verdict), verdict_columns) + one.text);
}

void print_object(const Output &output, const policy::Decision &decision,
                  const std::vector<policy::Finding> &findings, const Outcome &outcome)
{
    ipc::Json list{json_array()};
    for (const policy::Finding &one : findings)
        (void)json_array_append_new( // a null list makes the whole object null, which is told
            list.get(),
            json_pack("{s:s,s:s,s:s}", "rule", std::string{one.rule}.c_str(), "verdict",
                      std::string{name_of(one.verdict)}.c_str(), "text", one.text.c_str()));
    const bool is_refused = !outcome.refusal.empty();
    const ipc::Json object{
        json_pack("{s:b,s:s?,s:I,s:b,s:s,s:o}", "granted", int{!is_refused}, "refusal",
                  is_refused ? outcome.refusal.c_str() : nullptr, "duration",
                  static_cast<json_int_t>(is_refused ? 0 : decision.duration.count()),
                  "needs_sign_in", int{decision.needs_sign_in}, "message", outcome.message.c_str(),
                  "findings", list.release())};
    output.print_json(object.get());
}

// Without jitd.toml anybody could be him; with one that can't be read nothing is known of anybody.
bool can_know_people(const Output &output, const LoadedPolicy &loaded, const PolicyPlaces &places)
{
    if (!loaded.has_config_file) {
        output.complain("there is no " + places.config +
                        ", so whoever signs in is taken to be the user, and by root's word");
        return true;
    }
    if (loaded.config)
        return true;
    (void)report_faults(output, loaded.config_diagnostics,
                        places.config + " has errors, so nothing can be said of anybody");
    return false;
}

} // namespace

Exit policy_explain(const Command &command, const Output &output, const PolicyPlaces &places)
{
    const LoadedPolicy loaded = load_policy(command.directory, places);
    if (!loaded.policy)
        return report_errors(output, loaded);
    const policy::Role *const role = loaded.policy->find(*command.role);
    if (role == nullptr)
        return report(output, Exit::not_found, "NotFound",
                      "there is no role \"" + *command.role + "\" in " +
                          command.directory.value_or(places.directory) +
                          policy::suggest_role(*loaded.policy, *command.role));
    if (!can_know_people(output, loaded, places))
        return Exit::usage;
    const policy::Config *const config = loaded.config ? &*loaded.config : nullptr;
    const WallTime now = command.at.value_or(wall_time());
    Asker asker = read_asker(*command.user, config);
    if (command.file) {
        const auto claims =
            read_claims_of(output, *command.file, config == nullptr || config->is_entra);
        if (!claims)
            return Exit::usage;
        add_sign_in(asker, *role, *claims, config, now);
    }
    const policy::Ask ask{*command.role,
                          command.duration,
                          command.reason ? std::string_view{*command.reason} : "",
                          !command.reason,
                          {command.has_terminal ? "a terminal" : "",
                           command.from ? std::string_view{*command.from} : ""}};
    const policy::Host host = host_of(loaded.config);
    const auto decision = policy::decide(*loaded.policy, ask, asker.person, host, {}, now);
    policy::Finding uid =
        policy::argue_uid(*role, *command.user, asker.uid, !role->shared && !asker.upn.empty());
    // It comes before what the policy says of who has signed in.
    const Outcome outcome =
        asker.wrong_person.empty()
            ? outcome_of(decision, asker, loaded.config, uid)
            : Outcome{"wrong-person", asker.wrong_person + ": the sign-in would be refused"};
    auto findings = policy::argue(*role, ask, asker.person, host, {}, now);
    add_account(findings, *role, asker, loaded.config, std::move(uid));
    if (output.json)
        print_object(output, decision, findings, outcome);
    else {
        output.print(outcome.message);
        print_findings(output, findings);
    }
    return outcome.refusal.empty() ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
