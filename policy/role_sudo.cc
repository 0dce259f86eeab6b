// [role.NAME.sudo] and pam_service: what sudo lets a role do, and by which PAM service it asks.
#include <algorithm>

#include "lib/base/text.h"
#include "policy/role_reader.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_rules = 64;

bool opens_sudo(const Role &role)
{
    return std::any_of(role.services.begin(), role.services.end(), [](const std::string &service) {
        return service == "sudo" || service == "sudo-i";
    });
}

void read_rules(TableReader &sudo, Role &role)
{
    const auto entries = sudo.texts("rules");
    if (!entries)
        return;
    const Place place = sudo.find("rules")->place;
    if (entries->empty())
        sudo.faults().error(place, "rules: the list is empty, expected such as \"(postgres) "
                                   "/usr/bin/psql\"");
    if (entries->size() > max_rules)
        sudo.faults().error(place, "rules: more than 64 rules");
    for (const TomlNode *entry : *entries) {
        if (const auto rule = parse_sudo_rule(entry->text))
            role.sudo_rules.push_back(*rule);
        else
            sudo.faults().error(entry->place,
                                "rules: " + in_quotes(entry->text) +
                                    " is no rule, expected whom it runs as and one command with "
                                    "its path, such as \"(postgres) /usr/bin/psql\" or \"(ALL) "
                                    "ALL\", without '!', ',' and quotes");
    }
    if (!opens_sudo(role))
        sudo.faults().error(place, "rules: the role does not open sudo, expected services = "
                                   "[\"sudo\"]");
}

void read_pam_service(TableReader &table, Role &role)
{
    const TomlNode *node = table.text("pam_service");
    if (node == nullptr)
        return;
    const auto known = supported_services();
    const bool is_taken =
        std::find(known.begin(), known.end(), node->text) != known.end() || has_address(node->text);
    // Linux-PAM takes the name for a file's, and lower-cases it; by its beginning pam_jit(8) knows
    // that it is sudo who asks.
    const bool is_of_sudo = node->text.starts_with("sudo-") && is_name(node->text);
    if (!is_of_sudo || is_taken || to_lower(node->text) != node->text)
        table.faults().error(node->place, "pam_service: " + in_quotes(node->text) +
                                              " can't be a service of this role's own, expected a "
                                              "name in lower case that begins with \"sudo-\", "
                                              "such as \"sudo-dba\"");
    else
        role.pam_service = node->text;
    if (role.sudo_rules.empty())
        table.faults().error(node->place, "pam_service: sudo uses it for the commands of "
                                          "sudo.rules, expected some");
}

} // namespace

void read_sudo(TableReader &table, Role &role)
{
    read_table(table, "sudo", "[role." + role.name + ".sudo]",
               [&](TableReader &sudo) { read_rules(sudo, role); });
    read_pam_service(table, role);
}

} // namespace jit::policy
