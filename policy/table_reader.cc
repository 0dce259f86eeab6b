#include "policy/table_reader.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "policy/nearest.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_list = 256;

std::string join(std::initializer_list<std::string_view> words)
{
    std::string out;
    for (const std::string_view word : words) {
        if (!out.empty())
            out += word == *(words.end() - 1) ? " or " : ", ";
        out += in_quotes(word);
    }
    return out;
}

std::string found(const TomlNode &node)
{
    return "found " + std::string{describe(node.kind)};
}

} // namespace

TableReader::TableReader(Faults &faults, const TomlNode &table, std::string name)
    : faults_(faults), table_(table), name_(std::move(name))
{
}

const TomlNode *TableReader::find(std::string_view key)
{
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
        known_.push_back(key);
    return table_.find(key);
}

bool TableReader::has(std::string_view key)
{
    return find(key) != nullptr;
}

const TomlNode *TableReader::find_of(std::string_view key, TomlNode::Kind kind,
                                     std::string_view expected)
{
    const TomlNode *node = find(key);
    if (node == nullptr || node->kind == kind)
        return node;
    faults_.error(node->place,
                  std::string{key} + ": expected " + std::string{expected} + ", " + found(*node));
    return nullptr;
}

const TomlNode *TableReader::text(std::string_view key)
{
    return find_of(key, TomlNode::Kind::text, "a text");
}

const TomlNode *TableReader::table(std::string_view key)
{
    return find_of(key, TomlNode::Kind::table, "a table");
}

std::optional<bool> TableReader::boolean(std::string_view key)
{
    const TomlNode *node = find_of(key, TomlNode::Kind::boolean, "true or false");
    return node == nullptr ? std::nullopt : std::optional{node->truth};
}

std::optional<std::vector<const TomlNode *>> TableReader::texts(std::string_view key)
{
    const TomlNode *list = find_of(key, TomlNode::Kind::list, "a list of texts");
    if (list == nullptr)
        return std::nullopt;
    const std::string what{key};
    if (list->items.size() > max_list)
        faults_.error(list->place, what + ": more than 256 entries");

    std::vector<const TomlNode *> out;
    std::set<std::string_view> seen;
    for (const TomlNode &item : list->items) {
        if (&item == list->items.data() + max_list)
            break;
        if (item.kind != TomlNode::Kind::text)
            faults_.error(item.place, what + ": expected a text, " + found(item));
        else if (!seen.insert(item.text).second)
            faults_.warning(item.place, what + ": " + in_quotes(item.text) + " is given twice");
        else
            out.push_back(&item);
    }
    return out;
}

std::optional<std::chrono::seconds>
TableReader::duration(std::string_view key, std::chrono::seconds least, std::chrono::seconds most)
{
    const TomlNode *node = find_of(key, TomlNode::Kind::text, "a duration such as \"1h30m\"");
    if (node == nullptr)
        return std::nullopt;
    const std::string what{key};
    const auto value = parse_duration(node->text);
    if (!value) {
        faults_.error(node->place, what + ": " + in_quotes(node->text) +
                                       " is no duration, expected one such as \"30s\", \"15m\", "
                                       "\"1h30m\" or \"1d\"");
        return std::nullopt;
    }
    if (*value < least || *value > most) {
        faults_.error(node->place, what + ": " + format_duration(*value) + ", expected " +
                                       format_duration(least) + " to " + format_duration(most));
        return std::nullopt;
    }
    return value;
}

std::optional<unsigned> TableReader::count(std::string_view key, unsigned least, unsigned most)
{
    const TomlNode *node = find_of(key, TomlNode::Kind::number, "a whole number");
    if (node == nullptr)
        return std::nullopt;
    if (!node->number || *node->number < least || *node->number > most) {
        faults_.error(node->place, std::string{key} + ": expected a whole number, " +
                                       std::to_string(least) + " to " + std::to_string(most));
        return std::nullopt;
    }
    return static_cast<unsigned>(*node->number);
}

std::optional<std::string_view> TableReader::choice(std::string_view key,
                                                    std::initializer_list<std::string_view> allowed,
                                                    std::initializer_list<std::string_view> later)
{
    const TomlNode *node = text(key);
    if (node == nullptr)
        return std::nullopt;
    const auto holds = [&](std::initializer_list<std::string_view> words) {
        return std::find(words.begin(), words.end(), node->text) != words.end();
    };
    if (holds(allowed))
        return node->text;
    const std::string fault = holds(later) ? " is not supported by this version" : " is not known";
    faults_.error(node->place, std::string{key} + ": " + in_quotes(node->text) + fault +
                                   ", expected " + join(allowed));
    return std::nullopt;
}

bool TableReader::require(std::string_view key, std::string_view example)
{
    if (has(key))
        return true;
    faults_.error(table_.place, name_ + ": " + std::string{key} + " is missing, expected " +
                                    std::string{example});
    return false;
}

void TableReader::refuse(std::initializer_list<std::string_view> keys)
{
    for (const std::string_view key : keys)
        if (const TomlNode *node = find(key))
            faults_.error(node->key_place,
                          name_ + ": " + std::string{key} + " is not supported by this version");
}

void TableReader::refuse_unless(std::string_view key, bool only)
{
    const auto value = boolean(key);
    if (value && *value != only)
        faults_.error(find(key)->place, std::string{key} + ": only " + (only ? "true" : "false") +
                                            " is supported by this version");
}

void TableReader::finish()
{
    if (table_.kind != TomlNode::Kind::table)
        return;
    for (const TomlNode &item : table_.items)
        if (std::find(known_.begin(), known_.end(), item.key) == known_.end())
            faults_.error(item.key_place, name_ + ": unknown key " + in_quotes(item.key) +
                                              suggest(item.key, known_));
}

} // namespace jit::policy
