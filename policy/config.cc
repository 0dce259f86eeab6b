#include "policy/config.h"

#include <algorithm>
#include <cctype>

#include "lib/base/text.h"
#include "policy/config_reader.h"
#include "policy/faults.h"
#include "policy/web_address.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_users = 4096;
constexpr std::size_t max_sub_bytes = 255;  // OpenID Connect Core 1.0 section 2
constexpr std::size_t max_label_bytes = 63; // RFC 1035 section 2.3.4

bool is_sub(std::string_view text)
{
    return !text.empty() && text.size() <= max_sub_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

// A domain that a tenant can own: labels of [a-z0-9-], at least two, the last no number.
bool is_domain(std::string_view text)
{
    if (!is_host_name(text) || text.find('.') == text.npos || text.find('_') != text.npos)
        return false;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view label = text.substr(at, text.find('.', at) - at);
        if (label.size() > max_label_bytes || label.starts_with('-') || label.ends_with('-'))
            return false;
        at += label.size() + 1;
    }
    return !std::isdigit(static_cast<unsigned char>(text[text.rfind('.') + 1]));
}

void read_host(TableReader &host, Config &config)
{
    Faults &faults = host.faults();
    if (const TomlNode *name = host.text("name")) {
        if (!is_host_name(name->text))
            faults.error(name->place, "name: " + in_quotes(name->text) +
                                          " is no host name, expected lower-case letters, digits, "
                                          "'.' and '-'");
        config.host_name = name->text;
    }
    const auto tags = host.texts("tags");
    if (!tags)
        return;
    for (const TomlNode *tag : *tags) {
        // The same characters that a policy can say after "tag:".
        const bool is_fit = !tag->text.empty() && is_name("_" + tag->text);
        if (is_fit)
            config.host_tags.push_back(tag->text);
        else
            faults.error(tag->place, "tags: " + in_quotes(tag->text) +
                                         " is no tag, expected letters, digits, '_', '.' and '-'");
    }
}

// The local name and the id of one entry of the map.
void read_person(const TomlNode &entry, Config &config, Faults &faults)
{
    if (!is_name(entry.key)) {
        faults.error(entry.key_place, "map: " + in_quotes(entry.key) + " is no user name");
        return;
    }
    if (entry.kind != TomlNode::Kind::text) {
        faults.error(entry.place, "map: " + entry.key + ": expected a text, found " +
                                      std::string{describe(entry.kind)});
        return;
    }
    if (config.is_entra ? !is_guid(entry.text) : !is_sub(entry.text)) {
        faults.error(entry.place,
                     "map: " + entry.key + ": " + in_quotes(entry.text) +
                         (config.is_entra ? " is no object id, expected the person's object id (a "
                                            "GUID), not a name"
                                          : " is no subject, expected the person's `sub`, "
                                            "printable and without spaces"));
        return;
    }
    config.users.emplace(entry.key, config.is_entra ? to_lower(entry.text) : entry.text);
}

// match, domain and pin: how those are known who are not in the map.
void read_match(TableReader &users, Config &config)
{
    Faults &faults = users.faults();
    const auto match = users.choice("match", {"map", "upn"}, {});
    const auto pin = users.choice("pin", {"first", "root"}, {});
    const TomlNode *const domain = users.text("domain");
    if (match == "upn" && !config.is_entra) {
        faults.error(users.find("match")->place,
                     "match: \"upn\" needs tenant, expected \"map\": user principal names are "
                     "Entra's, and unique in one tenant alone");
        return;
    }
    if (match == "upn") {
        config.match = Config::Match::upn;
        config.pin = pin == "root" ? Config::Pin::root : Config::Pin::first;
        if (!users.require("domain", "the domain of the user principal names") || !domain)
            return;
        config.domain = to_lower(domain->text);
        if (!is_domain(config.domain))
            faults.error(domain->place, "domain: " + in_quotes(domain->text) +
                                            " is no domain, expected a DNS name such as "
                                            "\"contoso.com\"");
        return;
    }
    if (users.has("match") && !match)
        return; // a fault of its own
    for (const std::string_view key : {"domain", "pin"})
        if (const TomlNode *const node = users.find(key))
            faults.error(node->key_place, std::string{key} + ": has no meaning without match, "
                                                             "expected match = \"upn\"");
}

} // namespace

void read_users(TableReader &users, Config &config)
{
    Faults &faults = users.faults();
    read_match(users, config);
    const TomlNode *map = users.table("map");
    if (map == nullptr)
        return;
    if (map->items.size() > max_users) {
        faults.error(map->place, "map: more than 4096 users");
        return;
    }
    std::map<std::string, std::string> first_of; // id to local user
    for (const TomlNode &entry : map->items) {
        read_person(entry, config, faults);
        const std::string_view person = config.person_of(entry.key);
        if (person.empty())
            continue;
        const auto [first, is_new] = first_of.try_emplace(std::string{person}, entry.key);
        if (!is_new)
            faults.warning(entry.place,
                           "map: " + entry.key + " and " + first->second + " are the same person");
    }
}

void read_pam(TableReader &pam, Config &config)
{
    Faults &faults = pam.faults();
    config.observe = pam.choice("mode", {"enforce", "observe"}, {}) == "observe";
    config.unproven_start = pam.boolean("unproven_start").value_or(false);
    if (const auto services = pam.texts("strict_services")) {
        config.strict_services.clear();
        for (const TomlNode *service : *services) {
            if (!is_name(service->text))
                faults.error(service->place, "strict_services: " + in_quotes(service->text) +
                                                 " is no PAM service, expected a name such as "
                                                 "\"sudo\"");
            config.strict_services.push_back(service->text);
        }
    }
    const auto exempt = pam.texts("exempt");
    if (!exempt)
        return;
    for (const TomlNode *entry : *exempt) {
        const std::string_view text = entry->text;
        const std::size_t colon = text.find(':');
        const std::string_view service = text.substr(0, colon);
        const std::string_view account =
            colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
        if (is_name(service) && is_name(account))
            config.exempt.push_back({std::string{service}, std::string{account}});
        else
            faults.error(entry->place, "exempt: " + in_quotes(text) +
                                           " is not fit, expected SERVICE:ACCOUNT, such as "
                                           "\"sudo:ansible\"");
    }
}

std::string_view Config::person_of(std::string_view user) const
{
    const auto found = users.find(user);
    return found == users.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view Config::user_of(std::string_view person) const
{
    for (const auto &[user, theirs] : users)
        if (!person.empty() && theirs == person)
            return user;
    return {};
}

std::string Config::upn_of(std::string_view user) const
{
    if (match != Match::upn || users.contains(user))
        return {};
    // A name here is at most what the part before the @ may be, but for the @ itself and for a dot
    // at its end. What else that part may hold, as the # of guests, no name here can.
    if (!is_name(user) || user.find('@') != user.npos || user.ends_with('.'))
        return {};
    return to_lower(user) + '@' + domain;
}

ParsedConfig parse_config(const SourceFile &file)
{
    Faults faults;
    Config config;
    const unsigned number = faults.add_file(file.name);
    if (const auto tree = parse_toml(file, number, faults)) {
        TableReader top{faults, *tree, "jitd.toml"};
        if (!top.has("identity"))
            faults.error({number, 0, 0}, "[identity] is missing, expected tenant and client_id");
        read_table(top, "identity", "[identity]",
                   [&](TableReader &identity) { read_identity(identity, config); });
        read_table(top, "users", "[users]", [&](TableReader &users) { read_users(users, config); });
        read_table(top, "host", "[host]", [&](TableReader &host) { read_host(host, config); });
        read_table(top, "grants", "[grants]", [&](TableReader &grants) {
            const auto backend = grants.choice("backend", {"auto", "userdb", "etc-group"}, {});
            if (backend == "userdb")
                config.backend = Config::Backend::userdb;
            else if (backend == "etc-group")
                config.backend = Config::Backend::etc_group;
        });
        read_table(top, "pam", "[pam]", [&](TableReader &pam) { read_pam(pam, config); });
        read_table(top, "audit", "[audit]", [&](TableReader &audit) {
            config.audit_arguments = audit.boolean("arguments").value_or(false);
        });
        read_table(top, "notify", "[notify]",
                   [&](TableReader &notify) { read_notify(notify, config); });
        top.finish();
        if (config.users.empty() && config.match == Config::Match::map && !faults.has_error())
            faults.warning({number, 0, 0}, "[users] map names nobody, so nobody can ask");
    }

    ParsedConfig out;
    if (!faults.has_error())
        out.config = std::move(config);
    out.diagnostics = faults.take();
    return out;
}

} // namespace jit::policy
