// The lists of a role that name people, accounts and hosts.
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "policy/nearest.h"
#include "policy/overlap.h"
#include "policy/role_reader.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_id_bytes = 128;
constexpr std::size_t max_app_role_bytes = 120; // what Entra allows
constexpr std::size_t max_pattern_bytes = 253;  // a host name's

struct KindName {
    std::string_view text;
    Requester::Kind kind;
};

constexpr std::array<KindName, 4> kinds{{
    {"user", Requester::Kind::user},
    {"group", Requester::Kind::group},
    {"approle", Requester::Kind::app_role},
    {"local-group", Requester::Kind::local_group},
}};

bool is_printable(std::string_view text, std::size_t max_bytes)
{
    return !text.empty() && text.size() <= max_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

bool is_pattern_of(std::string_view text, bool (*allows)(char))
{
    return !text.empty() && text.size() <= max_pattern_bytes &&
           std::all_of(text.begin(), text.end(), allows);
}

bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '@' || c == '-';
}

bool is_account_char(char c)
{
    return is_name_char(c) || c == '*' || c == '?';
}

bool is_host_char(char c)
{
    return c != '@' && is_account_char(c);
}

// What is wrong with the part after the colon; empty: nothing.
std::string find_fault(const Requester &requester, bool ids_are_guids)
{
    switch (requester.kind) {
    case Requester::Kind::user:
    case Requester::Kind::group:
        return find_id_fault(requester.kind == Requester::Kind::user ? "user" : "group",
                             requester.value, ids_are_guids);
    case Requester::Kind::app_role:
        return is_printable(requester.value, max_app_role_bytes)
                   ? ""
                   : "expected the value of an application role, such as \"approle:Elevate.Dba\"";
    case Requester::Kind::local_group:
        return is_name(requester.value)
                   ? ""
                   : "expected a local group's name, such as \"local-group:engineers\"";
    }
    return "expected a known kind";
}

} // namespace

std::string find_id_fault(std::string_view kind, std::string_view id, bool ids_are_guids)
{
    if (ids_are_guids && !is_guid(id))
        return "expected an object id such as \"" + std::string{kind} +
               ":3d0c5e5a-0000-4000-8000-000000000000\", since " +
               (id.find('@') == std::string_view::npos
                    ? "a display name can be given to anything"
                    : "a user principal name can be given to somebody else");
    if (!ids_are_guids && !is_printable(id, max_id_bytes))
        return "expected an id, 1 to 128 printable characters without spaces";
    return {};
}

std::vector<Requester> read_requesters(TableReader &role, const ParseOptions &options)
{
    const bool ids_are_guids = options.ids_are_guids;
    std::vector<Requester> out;
    if (!role.require("requesters",
                      "who may ask, such as requesters = [" + std::string{example_id} + "]"))
        return out;
    const auto entries = role.texts("requesters");
    if (!entries)
        return out;
    if (role.find("requesters")->items.empty())
        role.faults().error(role.find("requesters")->place,
                            "requesters: the list is empty, so nobody could ask");
    for (const TomlNode *entry : *entries) {
        const std::string_view text = entry->text;
        const std::size_t colon = text.find(':');
        const std::string_view prefix = text.substr(0, colon);
        const auto *kind = std::find_if(kinds.begin(), kinds.end(), [&](const KindName &known) {
            return known.text == prefix;
        });
        std::string fault;
        if (colon == std::string_view::npos) {
            fault = "expected an object id with its kind, such as " + std::string{example_id} +
                    (is_name(text) ? ", or \"local-group:" + std::string{text} +
                                         "\" for a group of the host's own"
                                   : "");
        } else if (kind == kinds.end()) {
            std::array<std::string_view, kinds.size()> names;
            std::transform(kinds.begin(), kinds.end(), names.begin(),
                           [](const KindName &known) { return known.text; });
            fault = "expected user:, group:, approle: or local-group:" + suggest(prefix, names);
        } else {
            Requester requester{kind->kind, std::string{text.substr(colon + 1)}};
            fault = find_fault(requester, ids_are_guids);
            if (fault.empty()) {
                const bool is_id = requester.kind == Requester::Kind::user ||
                                   requester.kind == Requester::Kind::group;
                if (requester.kind == Requester::Kind::local_group && options.has_group &&
                    !options.has_group(requester.value))
                    role.faults().warning(entry->place, "requesters: this host has no group " +
                                                            in_quotes(requester.value));
                if (is_id && ids_are_guids)
                    requester.value = to_lower(requester.value);
                out.push_back(std::move(requester));
            }
        }
        if (!fault.empty())
            role.faults().error(entry->place, "requesters: " + in_quotes(text) + ": " + fault);
    }
    return out;
}

std::vector<AccountPattern> read_accounts(TableReader &role)
{
    if (!role.has("accounts"))
        return {{false, "*"}};
    std::vector<AccountPattern> out;
    const auto entries = role.texts("accounts");
    if (!entries)
        return out;
    for (const TomlNode *entry : *entries) {
        std::string_view text = entry->text;
        const bool negated = text.starts_with('!');
        text.remove_prefix(negated ? 1 : 0);
        // Anything else would stand for itself and never match: a gate that is open in silence.
        if (is_pattern_of(text, &is_account_char))
            out.push_back({negated, std::string{text}});
        else
            role.faults().error(entry->place, "accounts: " + in_quotes(entry->text) +
                                                  " is no pattern, expected an account name, '*' "
                                                  "and '?' for any characters, '!' first for not");
    }
    // Only a plain pattern that no negation takes away as a whole lets anything be matched.
    const auto is_taken_away = [&](const AccountPattern &plain) {
        return std::any_of(out.begin(), out.end(), [&](const AccountPattern &each) {
            return each.negated && is_covered(plain.glob, each.glob);
        });
    };
    const bool has_plain = std::any_of(out.begin(), out.end(), [&](const AccountPattern &each) {
        return !each.negated && !is_taken_away(each);
    });
    if (!has_plain && out.size() == role.find("accounts")->items.size())
        role.faults().error(role.find("accounts")->place,
                            "accounts: nothing would match, expected a pattern without '!', such "
                            "as \"*\", and no '!' before all that it matches");
    return out;
}

std::vector<HostPattern> read_hosts(TableReader &role)
{
    std::vector<HostPattern> out;
    const auto entries = role.texts("hosts");
    if (!entries)
        return out;
    if (role.find("hosts")->items.empty())
        role.faults().error(role.find("hosts")->place,
                            "hosts: the list is empty, expected a host, or no such key for every "
                            "host");
    for (const TomlNode *entry : *entries) {
        constexpr std::string_view tag = "tag:";
        std::string_view text = entry->text;
        const bool is_tag = text.starts_with(tag);
        text.remove_prefix(is_tag ? tag.size() : 0);
        const bool is_fit = is_pattern_of(text, is_tag ? &is_name_char : &is_host_char);
        if (is_fit)
            out.push_back({is_tag, std::string{text}});
        else
            role.faults().error(entry->place, "hosts: " + in_quotes(entry->text) +
                                                  " is no pattern, expected a host name with '*' "
                                                  "and '?' for any characters, or tag:NAME");
    }
    return out;
}

} // namespace jit::policy
