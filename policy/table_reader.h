// Reads a TOML table key by key, and says what is wrong with it: a wrong type, a missing key, a key
// that nobody asked for. Every call that names a key makes it a known one.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/faults.h"
#include "policy/toml_tree.h"

namespace jit::policy {

class TableReader
{
  public:
    // Borrows both. `name` is for diagnostics: "[role.web]". Something else than a table reads as
    // an empty table.
    TableReader(Faults &faults, const TomlNode &table, std::string name);

    bool has(std::string_view key);
    const TomlNode *find(std::string_view key); // of any type; nullptr: absent

    // Absent, or not of that type (which is said): nullptr or nothing.
    const TomlNode *text(std::string_view key);
    const TomlNode *table(std::string_view key);
    std::optional<bool> boolean(std::string_view key);

    // A list of texts, at most 256; a text given twice counts once, with a warning. Items of
    // another type are said and left out.
    std::optional<std::vector<const TomlNode *>> texts(std::string_view key);

    // A duration, which must lie between two ends.
    std::optional<std::chrono::seconds> duration(std::string_view key, std::chrono::seconds least,
                                                 std::chrono::seconds most);

    // A whole number, which must lie between two ends.
    std::optional<unsigned> count(std::string_view key, unsigned least, unsigned most);

    // A text that must be one of a few; what stands in `later` is known but not yet supported.
    //   returns  the text, only if allowed
    std::optional<std::string_view> choice(std::string_view key,
                                           std::initializer_list<std::string_view> allowed,
                                           std::initializer_list<std::string_view> later);

    // An error if the key is absent. `example` shows what is expected: `max_duration = "1h"`.
    //   returns  whether it is there
    bool require(std::string_view key, std::string_view example);

    // Keys that this version does not enforce: an error where one is present.
    void refuse(std::initializer_list<std::string_view> keys);

    // A key that may say only what would be so without it.
    void refuse_unless(std::string_view key, bool only);

    // An error for every key that no call has named. The last call.
    void finish();

    Place place() const { return table_.place; }
    Faults &faults() { return faults_; }

  private:
    const TomlNode *find_of(std::string_view key, TomlNode::Kind kind, std::string_view expected);

    Faults &faults_;
    const TomlNode &table_;
    std::string name_;
    std::vector<std::string_view> known_;
};

// Reads "[name]" of a table, if present, through `read`, and says which of its keys are unknown.
template <typename Read>
void read_table(TableReader &outer, std::string_view key, const std::string &name, Read read)
{
    if (const TomlNode *node = outer.table(key)) {
        TableReader inner{outer.faults(), *node, name};
        read(inner);
        inner.finish();
    }
}

} // namespace jit::policy
