// [role.NAME.approval]: who says yes, and what that needs of the rest of the role and of jitd.toml.
#include <string>

#include "lib/base/text.h"
#include "policy/role_reader.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;
using Mode = Approval::Mode;

// Others may take their time; a sign-in of one's own needs none.
constexpr std::chrono::seconds max_own_wait = 1h;
constexpr std::chrono::seconds max_wait_for_others = 24h;
constexpr std::chrono::seconds max_window = 1h;

Mode mode_of(std::string_view name)
{
    for (const Mode mode : {Mode::none, Mode::approver, Mode::pim, Mode::watch})
        if (name == name_of(mode))
            return mode;
    return Mode::self;
}

// What a mode needs of jitd.toml.
void require_config(TableReader &approval, Mode mode, const ParseOptions &options)
{
    const auto refuse = [&](std::string_view text) {
        approval.faults().error(approval.find("mode")->place, "mode: " + std::string{text});
    };
    if (mode == Mode::approver && !options.has_approver_client)
        refuse("\"approver\" has a second person sign in by a registration of its own, expected "
               "approver_client_id in [identity] of jitd.toml");
    if (mode == Mode::pim && !options.ids_are_guids)
        refuse("\"pim\" is Entra's alone, and jitd.toml names another issuer");
    if (mode == Mode::watch && !options.ids_are_guids)
        refuse("\"watch\" is Entra's alone, and jitd.toml names another issuer");
    else if (mode == Mode::watch && !options.has_credential)
        refuse("\"watch\" asks Entra in the host's own name, expected credential in [identity] of "
               "jitd.toml");
}

// A key of other modes would be without effect.
void refuse_key(TableReader &approval, std::string_view key, std::string_view modes)
{
    if (const TomlNode *node = approval.find(key))
        approval.faults().error(node->key_place,
                                std::string{key} + ": only for mode = " + std::string{modes});
}

void refuse_keys_of_others(TableReader &approval, Mode mode)
{
    if (mode != Mode::approver)
        for (const std::string_view key : {"approvers", "quorum"})
            refuse_key(approval, key, "\"approver\"");
    if (mode != Mode::pim && mode != Mode::watch)
        refuse_key(approval, "pim_group", "\"pim\" or \"watch\"");
    if (mode != Mode::watch)
        for (const std::string_view key : {"window", "bind"})
            refuse_key(approval, key, "\"watch\"");
}

void read_unattended(TableReader &approval, bool is_auto)
{
    const bool accepts = approval.boolean("accept_unattended").value_or(false);
    if (is_auto && !accepts)
        approval.faults().error(approval.find("mode")->place,
                                "mode: \"auto\" grants without anybody's approval, expected "
                                "accept_unattended = true beside it");
    if (!is_auto && accepts)
        approval.faults().error(approval.find("accept_unattended")->place,
                                "accept_unattended: only for mode = \"auto\"");
}

void read_pim_group(TableReader &approval, Approval &out)
{
    if (!approval.require("pim_group", "the object id of the group that is activated in Entra"))
        return;
    const TomlNode *const group = approval.text("pim_group");
    if (group == nullptr)
        return;
    if (!is_guid(group->text))
        approval.faults().error(group->place,
                                "pim_group: " + in_quotes(group->text) +
                                    " is no object id, expected that of a group (a GUID), since a "
                                    "display name can be given to anything");
    out.pim_group = to_lower(group->text);
}

void read_watch(TableReader &approval, Approval &out)
{
    out.window = approval.duration("window", 0s, max_window).value_or(0s);
    const auto bind = approval.choice("bind", {"token", "none"}, {});
    out.bind = bind == "none" ? Approval::Bind::none : Approval::Bind::token;
}

// Nobody signs in, so only what this host knows can say who asks.
void refuse_strangers(TableReader &table, const Role &role)
{
    for (const Requester &requester : role.requesters)
        if (requester.kind == Requester::Kind::group || requester.kind == Requester::Kind::app_role)
            return table.faults().error(
                table.find("requesters")->place,
                std::string{"requesters: "} +
                    (role.approval.mode == Mode::watch
                         ? "mode \"watch\" has nobody sign in, which alone tells "
                         : "mode \"auto\" asks no provider, which alone knows ") +
                    "of group: and approle:, expected user: and local-group: only");
}

void refuse_sign_in_conditions(TableReader &table, const Role &role)
{
    const TomlNode *const conditions = table.table("conditions");
    if (conditions == nullptr)
        return;
    const std::string mode = in_quotes(name_of(role.approval.mode));
    const auto refuse = [&](std::string_view key, std::string_view so) {
        if (const TomlNode *node = conditions->find(key))
            table.faults().error(node->key_place, std::string{key} + ": nobody signs in for role " +
                                                      role.name + ", whose approval is " + mode +
                                                      ", so " + std::string{so});
    };
    for (const std::string_view key : {"auth_context", "auth_age", "accept_stale_signin"})
        refuse(key, "it would never be met");
    refuse("guests", "who is a guest would never be known");
}

} // namespace

void read_approval(TableReader &table, Role &role, const ParseOptions &options)
{
    Approval &out = role.approval;
    out.timeout = 15min;
    read_table(table, "approval", "[role." + role.name + ".approval]", [&](TableReader &approval) {
        const auto mode = approval.choice("mode", {"self", "auto", "approver", "pim", "watch"}, {});
        out.mode = mode_of(mode.value_or("self"));
        // Of an unknown mode it can't be said which keys are for it.
        const bool is_known = mode.has_value() || !approval.has("mode");
        const bool is_own = out.mode == Mode::self || out.mode == Mode::none;
        out.timeout =
            approval
                .duration("timeout", 30s, is_own && is_known ? max_own_wait : max_wait_for_others)
                .value_or(15min);
        require_config(approval, out.mode, options);
        read_unattended(approval, out.mode == Mode::none);
        if (is_known)
            refuse_keys_of_others(approval, out.mode);
        if (out.mode == Mode::approver)
            read_approvers(approval, role, options);
        if (out.mode == Mode::pim || out.mode == Mode::watch)
            read_pim_group(approval, out);
        if (out.mode == Mode::watch)
            read_watch(approval, out);
        if (!is_known)
            for (const std::string_view key :
                 {"approvers", "quorum", "pim_group", "window", "bind"})
                (void)approval.has(key);
    });
    if (!out.has_sign_in()) {
        refuse_strangers(table, role);
        refuse_sign_in_conditions(table, role);
    }
}

} // namespace jit::policy
