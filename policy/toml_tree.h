// A TOML text as a small tree that knows where each thing stood. The one door to the TOML library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/faults.h"
#include "policy/source.h"

namespace jit::policy {

struct TomlNode {
    enum class Kind {
        table,
        list,
        text,
        boolean,
        number,
        time
    };
    Kind kind = Kind::table;
    Place place;
    std::string key; // in a table
    Place key_place;
    std::string text; // kind text: any valid UTF-8, control characters too
    bool truth = false;
    std::optional<std::int64_t> number; // kind number; absent: not a whole one
    std::vector<TomlNode> items;        // kind list and table, in the order of the file

    // The value of a table's key; nullptr: none.
    const TomlNode *find(std::string_view wanted) const;
};

// "a text", "a list": for a diagnostic.
std::string_view describe(TomlNode::Kind kind);

// Reads one file. Text that is no TOML is one error, with line and column, and no tree. Nothing in
// the tree is deeper than 16.
//   file  its number in `faults`
std::optional<TomlNode> parse_toml(const SourceFile &source, unsigned file, Faults &faults);

} // namespace jit::policy
