#include "policy/role_reader.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/root_groups.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_groups = 16;
constexpr std::size_t max_description_bytes = 256;

std::string read_description(TableReader &role)
{
    const TomlNode *node = role.text("description");
    if (node == nullptr)
        return {};
    if (node->text.size() > max_description_bytes)
        role.faults().error(node->place, "description: longer than 256 bytes");
    else if (safe_text(node->text, max_description_bytes) != node->text)
        role.faults().error(node->place, "description: expected one line without control, "
                                         "zero-width or bidirectional characters");
    return safe_text(node->text, max_description_bytes);
}

// What a group is by its gid, which has no regard for names.
void find_twin(TableReader &role, const TomlNode &entry, bool may_be_root,
               const ParseOptions &options)
{
    const std::string twin = options.root_twin ? options.root_twin(entry.text) : "";
    const std::string what = "groups: " + in_quotes(entry.text);
    if (entry.text == "root" || twin == "root")
        role.faults().error(entry.place, what + " has gid 0, which is never granted, expected a "
                                                "group made for this role");
    else if (!twin.empty() && !may_be_root)
        role.faults().error(entry.place, what + " has the gid of " + in_quotes(twin) +
                                             " on this host, so it is as good as root, expected a "
                                             "group made for this role, with a gid of its own");
    else if (!twin.empty())
        role.faults().warning(entry.place, what + " has the gid of " + in_quotes(twin) +
                                               " on this host, so the role can't be granted here");
}

std::vector<std::string> read_groups(TableReader &role, bool may_be_root,
                                     const ParseOptions &options)
{
    std::vector<std::string> out;
    if (!role.require("groups", "the local groups it grants, such as groups = [\"jit-web\"]"))
        return out;
    const auto entries = role.texts("groups");
    if (!entries)
        return out;
    const Place place = role.find("groups")->place;
    if (role.find("groups")->items.empty())
        role.faults().error(place, "groups: expected at least one local group");
    if (entries->size() > max_groups)
        role.faults().error(place, "groups: more than 16 groups");
    for (const TomlNode *entry : *entries) {
        if (!is_name(entry->text))
            role.faults().error(entry->place, "groups: " + in_quotes(entry->text) +
                                                  " is no group name, expected letters, digits, "
                                                  "'_', '.', '@' and '-', a letter or '_' first");
        else if (is_root_equivalent(entry->text) && !may_be_root)
            role.faults().error(entry->place, "groups: " + in_quotes(entry->text) +
                                                  " is as good as root, expected a group made for "
                                                  "this role, or allow_root_equivalent = true");
        else
            out.push_back(entry->text);
        if (is_name(entry->text) && (may_be_root || !is_root_equivalent(entry->text)))
            find_twin(role, *entry, may_be_root, options);
        if (is_name(entry->text) && options.has_group && !options.has_group(entry->text))
            role.faults().warning(entry->place, "groups: this host has no group " +
                                                    in_quotes(entry->text) +
                                                    ", so the role can't be granted here");
    }
    return out;
}

std::vector<std::string> read_services(TableReader &role, std::string_view name)
{
    std::vector<std::string> out;
    if (!role.has("services")) {
        role.faults().warning(role.place(), "[role." + std::string{name} +
                                                "]: no services, so only `jitctl request` reaches "
                                                "this role");
        return out;
    }
    const auto entries = role.texts("services");
    if (!entries)
        return out;
    if (role.find("services")->items.empty())
        role.faults().error(role.find("services")->place,
                            "services: the list is empty, expected a PAM service, or no such key "
                            "for a role that only `jitctl request` reaches");
    const auto supported = supported_services();
    for (const TomlNode *entry : *entries) {
        if (std::find(supported.begin(), supported.end(), entry->text) == supported.end())
            role.faults().error(entry->place,
                                "services: " + in_quotes(entry->text) +
                                    " is not supported by this version, expected "
                                    "sudo, sudo-i, su, su-l, sshd, login or polkit-1");
        else
            out.push_back(entry->text);
    }
    return out;
}

// Only su starts a shell that is not its caller's own.
bool read_carry(TableReader &table, const Role &role)
{
    const bool carries = table.boolean("carry").value_or(false);
    if (carries && std::none_of(role.services.begin(), role.services.end(), is_su))
        table.faults().error(table.find("carry")->place,
                             "carry: expected su or su-l among services, since it is the shell of "
                             "su that gets the groups");
    return carries;
}

void read_durations(TableReader &table, Role &role)
{
    const bool given = table.require("max_duration", "such as max_duration = \"1h\"");
    const auto most = table.duration("max_duration", 1s, 24h);
    if (most && *most > 8h)
        table.faults().warning(table.find("max_duration")->place,
                               "max_duration: " + format_duration(*most) +
                                   " is more than a working day of 8h");
    role.max_duration = most.value_or(0s);

    const auto usual = table.duration("default_duration", 1s, 24h);
    if (usual && most && *usual > *most)
        table.faults().error(table.find("default_duration")->place,
                             "default_duration: " + format_duration(*usual) +
                                 " is more than max_duration, " + format_duration(*most));
    if (given)
        role.default_duration =
            usual.value_or(std::min<std::chrono::seconds>(30min, role.max_duration));
}

} // namespace

Role read_role(const TomlNode &node, Shared &shared, Faults &faults)
{
    Role role;
    role.name = node.key;
    TableReader table{faults, node, "[role." + node.key + "]"};
    role.description = read_description(table);
    role.allow_root_equivalent = table.boolean("allow_root_equivalent").value_or(false);
    role.groups = read_groups(table, role.allow_root_equivalent, shared.options);
    role.requesters = read_requesters(table, shared.options);
    role.services = read_services(table, role.name);
    role.accounts = read_accounts(table);
    role.hosts = read_hosts(table);
    read_durations(table, role);
    role.allow_system_accounts = table.boolean("allow_system_accounts").value_or(false);
    role.carry = read_carry(table, role);
    read_approval(table, role, shared.options);
    read_logins(table, role);
    read_justification(table, role, shared);
    read_limits(table, role);
    read_end(table, role);
    read_conditions(table, role, shared);
    require_sessions(table, role);
    read_sudo(table, role);
    table.finish();
    return role;
}

} // namespace jit::policy
