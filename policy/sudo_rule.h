// What a role may do through sudo, sudo.rules: "(postgres) /usr/bin/psql".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::policy {

// One entry, in the parts that sudoers(5) has for it. None holds a character that sudoers would
// read as more than a part of a name, a path or an argument.
struct SudoRule {
    std::string runas;   // "postgres", "ALL", "postgres:dba"
    std::string tags;    // "NOEXEC: " or "", as they are written before a command
    std::string command; // "/usr/bin/psql -l", "sudoedit /etc/hosts", "ALL"

    friend bool operator==(const SudoRule &, const SudoRule &) = default;
};

// "(RUNAS) [TAG: ...]COMMAND": one command an entry, with an absolute path, without '!', ',' and
// line breaks; at most 512 bytes.
//   returns  absent: it is none
std::optional<SudoRule> parse_sudo_rule(std::string_view text);

} // namespace jit::policy
