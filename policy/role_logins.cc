// What a role says of logins to an account that several people share.
#include <algorithm>

#include "policy/role_reader.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

// Before somebody has signed in, nothing tells who stands there.
void require_people_who_sign_in(TableReader &table, const Role &role)
{
    const bool has_local =
        std::any_of(role.requesters.begin(), role.requesters.end(), [](const Requester &each) {
            return each.kind == Requester::Kind::local_group;
        });
    if (has_local)
        table.faults().error(table.find("requesters")->place,
                             "requesters: local-group: says nothing of who comes as a shared "
                             "account, expected user:, group: or approle: only");
    if (!role.approval.has_sign_in())
        table.faults().error(table.find("shared")->place,
                             "shared: who comes is known by his sign-in alone, and approval.mode " +
                                 in_quotes(name_of(role.approval.mode)) + " asks for none");
}

} // namespace

void read_logins(TableReader &table, Role &role)
{
    role.shared = table.boolean("shared").value_or(false);
    const auto reuse = table.choice("reuse", {"none", "key"}, {});
    role.reuse = reuse == "key" ? Role::Reuse::key : Role::Reuse::none;
    if (!role.shared) {
        if (role.reuse == Role::Reuse::key)
            table.faults().error(table.find("reuse")->place,
                                 "reuse: is for an account that people share, expected shared = "
                                 "true beside it");
        return;
    }
    const TomlNode *const shared = table.find("shared");
    const bool has_other =
        std::any_of(role.services.begin(), role.services.end(),
                    [](const std::string &service) { return !has_address(service); });
    // A service that is none has been said already.
    if (has_other || !table.has("services"))
        table.faults().error(shared->place,
                             "shared: is for logins, expected services of sshd and login alone");
    if (!table.has("accounts"))
        table.faults().error(shared->place, "shared: lets its requesters in as every account, "
                                            "expected accounts = [\"NAME\"]");
    const bool has_ssh =
        std::find(role.services.begin(), role.services.end(), "sshd") != role.services.end();
    if (role.reuse == Role::Reuse::key && !has_ssh && !role.services.empty())
        table.faults().error(table.find("reuse")->place,
                             "reuse: a key is seen over ssh alone, expected sshd in services");
    require_people_who_sign_in(table, role);
}

} // namespace jit::policy
