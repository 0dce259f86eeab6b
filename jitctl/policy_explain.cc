// `jitctl policy explain`: what would come of a request, rule by rule. Asks nobody, grants nothing.
#include <algorithm>
#include <utility>

#include "jitctl/policy_files.h"
#include "jitctl/policy_load.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/oidc/claims.h"
#include "lib/sys/local_accounts.h"
#include "policy/argue.h"

namespace jit::ctl {

namespace {

// As jitd would know him before he signs in; a pin is its own and not known here.
policy::Person read_person(const std::string &user, const std::optional<policy::Config> &config)
{
    policy::Person person;
    person.user = user;
    if (config) {
        person.oid = config->person_of(user);
        person.found_by_sign_in = !config->upn_of(user).empty();
    }
    person.is_vouched = !person.oid.empty();
    if (auto groups = sys::read_local_groups(user))
        person.local_groups = *std::move(groups);
    return person;
}

// What a sign-in with such claims would show. False: they are none, which is said.
bool add_claims(const Output &output, const std::string &path, bool is_entra, WallTime now,
                policy::Person &person)
{
    const PolicyFiles file = read_claims(path);
    for (const policy::Diagnostic &one : file.diagnostics)
        output.complain(policy::format_diagnostic(one));
    if (file.files.empty())
        return false;
    const oidc::Json object = oidc::parse_object(file.files.front().text);
    const auto read = oidc::read_unjudged(object.get(), is_entra);
    const auto *const claims = object ? std::get_if<oidc::Claims>(&read) : nullptr;
    if (claims == nullptr) {
        output.complain(
            path + ": not the claims of an ID token: expected a JSON object with " +
            (is_entra ? "oid, and groups, roles, acrs and auth_time in their usual form" : "sub"));
        return false;
    }
    if (person.oid.empty() && person.found_by_sign_in)
        person.oid = claims->oid;
    if (person.oid != claims->oid)
        output.complain(path + ": these are the claims of " + safe_text(claims->oid, 128) +
                        ", and " + person.user + " is " +
                        (person.oid.empty() ? "nobody" : safe_text(person.oid, 128)) +
                        ": the sign-in would be refused");
    person.signed_in = true;
    person.groups = claims->groups;
    person.group_overage = claims->group_overage;
    person.app_roles = claims->app_roles;
    person.is_guest = claims->is_guest;
    person.contexts = claims->contexts;
    if (claims->authenticated_at)
        person.auth_age = now - *claims->authenticated_at;
    return true;
}

// ", then a second person of 2 approvers approves", or nothing.
std::string say_approval(const policy::Role &role)
{
    const std::string then = policy::approval_of(role);
    return then.empty() ? "" : ", " + then;
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
                  const std::vector<policy::Finding> &findings, const std::string &message)
{
    ipc::Json list{json_array()};
    for (const policy::Finding &one : findings)
        (void)json_array_append_new( // a null list makes the whole object null, which is told
            list.get(),
            json_pack("{s:s,s:s,s:s}", "rule", std::string{one.rule}.c_str(), "verdict",
                      std::string{name_of(one.verdict)}.c_str(), "text", one.text.c_str()));
    const std::string refusal{policy::name_of(decision.refusal)};
    const ipc::Json object{json_pack(
        "{s:b,s:s?,s:I,s:b,s:s,s:o}", "granted", int{!decision.is_refused()}, "refusal",
        decision.is_refused() ? refusal.c_str() : nullptr, "duration",
        static_cast<json_int_t>(decision.duration.count()), "needs_sign_in",
        int{decision.needs_sign_in}, "message", message.c_str(), "findings", list.release())};
    output.print_json(object.get());
}

} // namespace

Exit policy_explain(const Command &command, const Output &output, const PolicyPlaces &places)
{
    const LoadedPolicy loaded = load_policy(command.directory, places);
    if (!loaded.policy)
        return report_errors(output, loaded);
    const WallTime now = command.at.value_or(wall_time());
    policy::Person person = read_person(*command.user, loaded.config);
    const bool is_entra = !loaded.config || loaded.config->is_entra;
    if (command.file && !add_claims(output, *command.file, is_entra, now, person))
        return Exit::usage;
    const policy::Ask ask{*command.role,
                          command.duration,
                          command.reason ? std::string_view{*command.reason} : "",
                          !command.reason,
                          {command.has_terminal ? "a terminal" : "",
                           command.from ? std::string_view{*command.from} : ""}};
    const policy::Host host = host_of(loaded.config);
    const auto decision = policy::decide(*loaded.policy, ask, person, host, {}, now);
    std::string message = policy::explain(decision, *command.role, *command.user);
    if (decision.role == nullptr) {
        output.complain(message);
        return Exit::not_found;
    }
    if (!decision.is_refused())
        message = "role \"" + *command.role + "\" would be granted to " + *command.user + " for " +
                  format_duration(decision.duration) +
                  (decision.needs_sign_in ? ", once the sign-in has shown what is left open" : "") +
                  say_approval(*decision.role);
    const auto findings = policy::argue(*decision.role, ask, person, host, {}, now);
    if (output.json)
        print_object(output, decision, findings, message);
    else {
        output.print(message);
        print_findings(output, findings);
    }
    return decision.is_refused() ? Exit::denied : Exit::done;
}

} // namespace jit::ctl
