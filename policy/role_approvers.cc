// approvers and quorum of [role.NAME.approval].
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "policy/nearest.h"
#include "policy/role_reader.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_approvers = 64;
constexpr unsigned max_quorum = 32;

// One entry, or what is wrong with it.
std::string read_approver(std::string_view text, bool ids_are_guids, Approver &out)
{
    constexpr std::array<std::string_view, 2> kinds{"user", "group"};
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return "expected an object id with its kind, such as " + std::string{example_id};
    const std::string_view kind = text.substr(0, colon);
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
        return "expected user: or group:" + suggest(kind, kinds);
    const std::string_view id = text.substr(colon + 1);
    out.kind = kind == "user" ? Approver::Kind::user : Approver::Kind::group;
    out.value = ids_are_guids ? to_lower(id) : std::string{id};
    return find_id_fault(kind, id, ids_are_guids);
}

// Whether all of them could be read.
bool read_list(TableReader &approval, Approval &out, const ParseOptions &options)
{
    if (!approval.require("approvers",
                          "who may approve, such as approvers = [" + std::string{example_id} + "]"))
        return false;
    const auto entries = approval.texts("approvers");
    if (!entries)
        return false;
    Faults &faults = approval.faults();
    const TomlNode *const list = approval.find("approvers");
    if (list->items.empty())
        faults.error(list->place, "approvers: the list is empty, so nobody could approve");
    if (entries->size() > max_approvers)
        faults.error(list->place, "approvers: more than 64 entries, expected a group: for so many");
    bool is_whole = !list->items.empty() &&
                    std::all_of(list->items.begin(), list->items.end(), [](const TomlNode &item) {
                        return item.kind == TomlNode::Kind::text;
                    });
    for (const TomlNode *entry : *entries) {
        Approver read;
        const std::string fault = read_approver(entry->text, options.ids_are_guids, read);
        const bool is_there =
            std::any_of(out.approvers.begin(), out.approvers.end(), [&](const Approver &each) {
                return each.kind == read.kind && each.value == read.value;
            });
        if (!fault.empty())
            faults.error(entry->place, "approvers: " + in_quotes(entry->text) + ": " + fault);
        else if (is_there)
            faults.warning(entry->place,
                           "approvers: " + in_quotes(entry->text) + " is given twice");
        else
            out.approvers.push_back(std::move(read));
        is_whole = is_whole && fault.empty();
    }
    return is_whole;
}

bool is_listed(const std::vector<Approver> &approvers, const Requester &requester)
{
    return std::any_of(approvers.begin(), approvers.end(), [&](const Approver &each) {
        return each.kind == Approver::Kind::user && each.value == requester.value;
    });
}

// Nobody approves his own request, so who is an approver has one fewer of them than the others.
void find_those_left_alone(TableReader &approval, const Role &role)
{
    const std::size_t left = role.approval.approvers.size() - 1;
    std::vector<const Requester *> alone;
    for (const Requester &requester : role.requesters)
        if (requester.kind == Requester::Kind::user && left < role.approval.quorum &&
            is_listed(role.approval.approvers, requester))
            alone.push_back(&requester);
    if (alone.empty())
        return;
    const std::string more =
        alone.size() == 1 ? "" : " and " + std::to_string(alone.size() - 1) + " more";
    const std::string text =
        "approvers: nobody approves his own request, which leaves " + std::to_string(left) +
        " of them to " + in_quotes("user:" + alone[0]->value) + more + ", and the quorum is " +
        std::to_string(role.approval.quorum) + ", expected more approvers, or a group:";
    const Place place = approval.find("approvers")->place;
    if (alone.size() == role.requesters.size())
        approval.faults().error(place, text);
    else
        approval.faults().warning(place, text);
}

} // namespace

void read_approvers(TableReader &approval, Role &role, const ParseOptions &options)
{
    Approval &out = role.approval;
    const bool is_whole = read_list(approval, out, options);
    const auto quorum = approval.count("quorum", 1, max_quorum);
    out.quorum = quorum.value_or(1);
    const bool has_group =
        std::any_of(out.approvers.begin(), out.approvers.end(),
                    [](const Approver &each) { return each.kind == Approver::Kind::group; });
    if (has_group || !is_whole || (approval.has("quorum") && !quorum))
        return; // a group may hold any number
    if (out.quorum > out.approvers.size())
        approval.faults().error(approval.find("quorum")->place,
                                "quorum: " + std::to_string(out.quorum) + " of " +
                                    std::to_string(out.approvers.size()) +
                                    " approvers, which can't be reached, expected more approvers, "
                                    "or a group:");
    else
        find_those_left_alone(approval, role);
}

} // namespace jit::policy
