// One table of the configuration, read key by key.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "lib/base/text.h"

namespace jit::entra {

// Reads one table; remembers the first fault, and goes on so that callers stay plain.
class ConfigReader
{
  public:
    ConfigReader(const toml::table &table, std::string &fault) : table_(table), fault_(fault) {}

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
        number(name, out, 2000, " must be a number, 1 to 2000");
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

    // Calls `read` with a ConfigReader for each table of the array `name`.
    template <typename Read> void each(std::string_view name, Read read)
    {
        const toml::node *node = table_.get(name);
        if (node == nullptr || !node->is_array_of_tables()) {
            if (fault_.empty())
                fault_ = "at least one [[" + std::string{name} + "]] is needed";
            return;
        }
        for (const toml::node &item : *node->as_array()) {
            ConfigReader reader{*item.as_table(), fault_};
            read(reader);
        }
    }
    template <typename Read> void each_if_any(std::string_view name, Read read)
    {
        if (has(name))
            each(name, read);
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

} // namespace jit::entra
