// What a role wants of a session has no meaning where there is none.
#include <algorithm>

#include "policy/role_reader.h"
#include "policy/services.h"

namespace jit::policy {

void require_sessions(TableReader &table, const Role &role)
{
    if (role.shared && role.end.action == End::Action::terminate)
        table.faults().error(table.table("end")->find("action")->place,
                             "action: what people run as an account that they share can't be told "
                             "apart, expected \"stop-new\" with shared");
    const bool opens_ssh =
        std::find(role.services.begin(), role.services.end(), "sshd") != role.services.end();
    if (role.conditions.tty && opens_ssh)
        table.faults().error(
            table.table("conditions")->find("tty")->place,
            "tty: over ssh there is no terminal before the login, so the role would "
            "never open \"sshd\", expected services without it");
    const auto found =
        std::find_if(role.services.begin(), role.services.end(),
                     [](const std::string &service) { return !has_session(service); });
    if (found == role.services.end())
        return;
    const auto refuse = [&](std::string_view section, std::string_view key, bool is_wanted,
                            const std::string &why) {
        const TomlNode *const node = is_wanted ? table.table(section) : nullptr;
        if (node != nullptr)
            table.faults().error(node->find(key)->place, std::string{key} + ": " +
                                                             in_quotes(*found) + why +
                                                             ", expected services without it");
    };
    refuse("limits", "single_use", role.limits.single_use,
           " has no session with whose end the role would be used up");
    refuse("end", "action", role.end.action == End::Action::terminate,
           " has no session, so what was let in by it could not be ended");
    refuse("conditions", "tty", role.conditions.tty,
           " names no terminal, so the role would never open it");
}

} // namespace jit::policy
