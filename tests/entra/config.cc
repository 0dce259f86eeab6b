#include "tests/entra/config.h"

#include <algorithm>
#include <initializer_list>

#include <toml++/toml.h>

#include "lib/base/text.h"

namespace jit::entra {

namespace {

constexpr long max_count = 2000;

// Reads one table; remembers the first fault, and goes on so that callers stay plain.
class Reader
{
  public:
    Reader(const toml::table &table, std::string &fault) : table_(table), fault_(fault) {}

    void allow(std::initializer_list<std::string_view> names)
    {
        for (const auto &[key, node] : table_)
            if (std::find(names.begin(), names.end(), key.str()) == names.end())
                fail(node, "unknown key " + std::string{key.str()});
    }

    void text(std::string_view name, std::string &out)
    {
        if (const toml::node *node = need(name); node != nullptr) {
            if (const auto value = node->value_exact<std::string>(); value && !value->empty())
                out = *value;
            else
                fail(*node, std::string{name} + " must be a text");
        }
    }

    void guid(std::string_view name, std::string &out)
    {
        text(name, out);
        if (fault_.empty() && !is_guid(out))
            fail(*table_.get(name), std::string{name} + " must be a GUID");
        out = to_lower(out);
    }

    void flag(std::string_view name, bool &out)
    {
        if (const toml::node *node = table_.get(name); node != nullptr) {
            if (const auto value = node->value_exact<bool>())
                out = *value;
            else
                fail(*node, std::string{name} + " must be true or false");
        }
    }

    void seconds(std::string_view name, long &out)
    {
        number(name, out, 86400, " must be seconds, 1 to 86400");
    }

    void count(std::string_view name, long &out)
    {
        number(name, out, max_count, " must be a number, 1 to 2000");
    }

    bool has(std::string_view name) const { return table_.get(name) != nullptr; }

    // One of some words; nothing where the key is absent.
    std::optional<std::size_t> word(std::string_view name,
                                    std::initializer_list<std::string_view> words)
    {
        const toml::node *node = table_.get(name);
        if (node == nullptr)
            return std::nullopt;
        const auto value = node->value_exact<std::string>();
        for (std::size_t i = 0; value && i < words.size(); ++i)
            if (*(words.begin() + i) == *value)
                return i;
        fail(*node, std::string{name} + " has no such value");
        return std::nullopt;
    }

    void list(std::string_view name, std::vector<std::string> &out)
    {
        const toml::node *node = table_.get(name);
        if (node == nullptr)
            return;
        if (!node->is_array())
            return fail(*node, std::string{name} + " must be a list of texts");
        for (const toml::node &item : *node->as_array()) {
            if (const auto value = item.value_exact<std::string>())
                out.push_back(*value);
            else
                fail(item, std::string{name} + " must be a list of texts");
        }
    }

    // Calls `read` with a Reader for each table of the array `name`.
    template <typename Read> void each(std::string_view name, Read read)
    {
        const toml::node *node = table_.get(name);
        if (node == nullptr || !node->is_array_of_tables()) {
            if (fault_.empty())
                fault_ = "at least one [[" + std::string{name} + "]] is needed";
            return;
        }
        for (const toml::node &item : *node->as_array()) {
            Reader reader{*item.as_table(), fault_};
            read(reader);
        }
    }

  private:
    void number(std::string_view name, long &out, long most, const char *fault)
    {
        if (const toml::node *node = table_.get(name); node != nullptr) {
            const auto value = node->value_exact<std::int64_t>();
            if (value && *value >= 1 && *value <= most)
                out = static_cast<long>(*value);
            else
                fail(*node, std::string{name} + fault);
        }
    }

    const toml::node *need(std::string_view name)
    {
        const toml::node *node = table_.get(name);
        if (node == nullptr && fault_.empty())
            fault_ = "line " + std::to_string(table_.source().begin.line) + ": " +
                     std::string{name} + " is missing";
        return node;
    }

    void fail(const toml::node &node, std::string what)
    {
        if (fault_.empty())
            fault_ = "line " + std::to_string(node.source().begin.line) + ": " + std::move(what);
    }

    const toml::table &table_;
    std::string &fault_;
};

std::string numbered_group(long number)
{
    const std::string digits = std::to_string(number);
    return "9a000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

// Which groups somebody is in, and what a token says of them.
void read_groups(Reader &reader, User &user, long groups_cap)
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
    Reader top{parsed.table(), fault};
    top.allow({"tenant", "other_tenants", "unsatisfied_contexts", "code_lifetime", "interval",
               "slow_down_early", "groups_cap", "app", "user"});
    top.guid("tenant", config.tenant);
    top.list("other_tenants", config.other_tenants);
    top.list("unsatisfied_contexts", config.unsatisfied_contexts);
    top.seconds("code_lifetime", config.code_lifetime_s);
    top.seconds("interval", config.interval_s);
    top.flag("slow_down_early", config.slow_down_early);
    top.count("groups_cap", config.groups_cap);
    top.each("app", [&](Reader &reader) {
        App &app = config.apps.emplace_back();
        reader.allow({"client_id", "name", "public", "optional_claims", "groups", "roles",
                      "consented_scopes"});
        reader.guid("client_id", app.client_id);
        reader.text("name", app.name);
        reader.flag("public", app.is_public);
        reader.list("optional_claims", app.optional_claims);
        reader.flag("groups", app.has_groups);
        reader.list("roles", app.roles);
        if (reader.has("consented_scopes"))
            reader.list("consented_scopes", app.consented_scopes.emplace());
    });
    top.each("user", [&](Reader &reader) {
        User &user = config.users.emplace_back();
        reader.allow({"name", "upn", "oid", "groups", "groups_numbered", "nested_groups", "overage",
                      "roles", "guest", "step_up"});
        reader.text("name", user.name);
        reader.text("upn", user.upn);
        reader.guid("oid", user.oid);
        read_groups(reader, user, config.groups_cap);
        reader.list("roles", user.roles);
        reader.flag("guest", user.is_guest);
        if (reader.has("step_up"))
            reader.text("step_up", user.step_up);
    });
    for (std::string &tenant : config.other_tenants)
        tenant = to_lower(tenant);
    if (!fault.empty())
        return std::nullopt;
    return config;
}

} // namespace jit::entra
