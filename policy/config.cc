#include "policy/config.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/config_reader.h"
#include "policy/faults.h"
#include "policy/web_address.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_users = 4096;
constexpr std::size_t max_sub_bytes = 255; // OpenID Connect Core 1.0 section 2

bool is_sub(std::string_view text)
{
    return !text.empty() && text.size() <= max_sub_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
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

} // namespace

void read_users(TableReader &users, Config &config)
{
    Faults &faults = users.faults();
    (void)users.choice("match", {"map"}, {"upn"});
    users.refuse({"domain", "pin"});
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
    pam.refuse_unless("unproven_start", false);
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
            if (grants.choice("backend", {"auto", "userdb"}, {"etc-group"}) == "userdb")
                config.backend = Config::Backend::userdb;
        });
        read_table(top, "pam", "[pam]", [&](TableReader &pam) { read_pam(pam, config); });
        read_table(top, "audit", "[audit]", [&](TableReader &audit) {
            config.audit_arguments = audit.boolean("arguments").value_or(false);
        });
        read_table(top, "notify", "[notify]",
                   [](TableReader &notify) { notify.refuse({"webhooks"}); });
        top.finish();
        if (config.users.empty() && !faults.has_error())
            faults.warning({number, 0, 0}, "[users] map names nobody, so nobody can ask");
    }

    ParsedConfig out;
    if (!faults.has_error())
        out.config = std::move(config);
    out.diagnostics = faults.take();
    return out;
}

} // namespace jit::policy
