#include "tests/entra/config.h"

#include <algorithm>

#include "lib/base/text.h"
#include "tests/entra/config_reader.h"

namespace jit::entra {

namespace {

std::string numbered_group(long number)
{
    const std::string digits = std::to_string(number);
    return "9a000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

// Which groups somebody is in, and what a token says of them.
void read_groups(ConfigReader &reader, User &user, long groups_cap)
{
    reader.list("groups", user.groups);
    reader.list("nested_groups", user.nested_groups);
    for (std::vector<std::string> *list : {&user.groups, &user.nested_groups})
        for (std::string &group : *list)
            group = to_lower(group);
    long numbered = 0;
    reader.count("groups_numbered", numbered);
    for (long number = 1; number <= numbered; ++number)
        if (!contains(user.groups, numbered_group(number)))
            user.groups.push_back(numbered_group(number));
    if (const auto word = reader.word("overage", {"claim_names", "hasgroups"}))
        user.overage = *word == 0 ? Overage::claim_names : Overage::hasgroups;
    else if (user.groups.size() > static_cast<std::size_t>(groups_cap))
        user.overage = Overage::claim_names;
}

// Who is eligible and who approves stay as they are written: find_user() understands them.
PimGroupConfig read_pim_group(ConfigReader &reader)
{
    PimGroupConfig group;
    long longest = static_cast<long>(group.rules.longest.count());
    reader.allow({"id", "name", "eligible", "approvers", "approval", "longest", "justification",
                  "ticket", "mfa", "context"});
    reader.guid("id", group.id);
    reader.text("name", group.name);
    reader.list("eligible", group.eligible);
    reader.list("approvers", group.approvers);
    reader.flag("approval", group.rules.needs_approval);
    reader.seconds("longest", longest);
    reader.flag("justification", group.rules.needs_justification);
    reader.flag("ticket", group.rules.needs_ticket);
    reader.flag("mfa", group.rules.needs_mfa);
    if (reader.has("context"))
        reader.text("context", group.rules.context);
    group.rules.longest = std::chrono::seconds{longest};
    return group;
}

} // namespace

bool contains(const std::vector<std::string> &list, std::string_view text)
{
    return std::find(list.begin(), list.end(), text) != list.end();
}

const App *Config::find_app(std::string_view client_id) const
{
    const std::string wanted = to_lower(client_id);
    for (const App &app : apps)
        if (app.client_id == wanted)
            return &app;
    return nullptr;
}

const User *Config::find_user(std::string_view who) const
{
    const std::string wanted = to_lower(who);
    for (const User &user : users)
        if (to_lower(user.upn) == wanted || to_lower(user.name) == wanted || user.oid == wanted)
            return &user;
    return nullptr;
}

std::optional<Config> read_config(const std::string &path, std::string &fault)
{
    const toml::parse_result parsed = toml::parse_file(path);
    if (!parsed) {
        fault = "line " + std::to_string(parsed.error().source().begin.line) + ": " +
                std::string{parsed.error().description()};
        return std::nullopt;
    }
    fault.clear();
    Config config;
    ConfigReader top{parsed.table(), fault};
    top.allow({"tenant", "other_tenants", "unsatisfied_contexts", "code_lifetime", "interval",
               "slow_down_early", "groups_cap", "app", "user", "pim_group", "managed_identity"});
    top.guid("tenant", config.tenant);
    top.list("other_tenants", config.other_tenants);
    top.list("unsatisfied_contexts", config.unsatisfied_contexts);
    top.seconds("code_lifetime", config.code_lifetime_s);
    top.seconds("interval", config.interval_s);
    top.flag("slow_down_early", config.slow_down_early);
    top.count("groups_cap", config.groups_cap);
    top.each("app", [&](ConfigReader &reader) {
        App &app = config.apps.emplace_back();
        reader.allow({"client_id", "name", "public", "optional_claims", "groups", "roles",
                      "consented_scopes", "warning", "certificate", "permissions"});
        reader.guid("client_id", app.client_id);
        reader.text("name", app.name);
        reader.flag("public", app.is_public);
        reader.list("optional_claims", app.optional_claims);
        reader.flag("groups", app.has_groups);
        reader.list("roles", app.roles);
        if (reader.has("consented_scopes"))
            reader.list("consented_scopes", app.consented_scopes.emplace());
        if (reader.has("warning"))
            reader.text("warning", app.warning);
        if (reader.has("certificate"))
            reader.text("certificate", app.certificate);
        reader.list("permissions", app.permissions);
    });
    top.each("user", [&](ConfigReader &reader) {
        User &user = config.users.emplace_back();
        reader.allow({"name", "upn", "oid", "groups", "groups_numbered", "nested_groups", "overage",
                      "roles", "guest", "step_up", "mfa"});
        reader.text("name", user.name);
        reader.text("upn", user.upn);
        reader.guid("oid", user.oid);
        read_groups(reader, user, config.groups_cap);
        reader.list("roles", user.roles);
        reader.flag("guest", user.is_guest);
        reader.flag("mfa", user.has_mfa);
        if (reader.has("step_up"))
            reader.text("step_up", user.step_up);
    });
    top.each_if_any("pim_group", [&](ConfigReader &reader) {
        config.pim_groups.push_back(read_pim_group(reader));
    });
    top.each_if_any("managed_identity", [&](ConfigReader &reader) {
        reader.allow({"client_id", "permissions"});
        reader.guid("client_id", config.identity.client_id);
        reader.list("permissions", config.identity.permissions);
    });
    for (std::string &tenant : config.other_tenants)
        tenant = to_lower(tenant);
    if (!fault.empty())
        return std::nullopt;
    return config;
}

} // namespace jit::entra
