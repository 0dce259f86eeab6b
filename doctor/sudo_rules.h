// The rules of sudoers(5): who may run what. Pure. Hosts are not looked at: each is taken for this
// one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doctor/sudo_lines.h"

namespace jit::doctor {

struct SudoCommand {
    std::vector<std::string> runas{"root"}; // users that it may be run as
    std::string command;                    // "/usr/bin/psql -l", "ALL"; "!" before what may not
    bool asks_password = true;

    friend bool operator==(const SudoCommand &, const SudoCommand &) = default;
};

struct SudoRule {
    std::string where;            // "/etc/sudoers:3"
    std::vector<std::string> who; // "alice", "%engineers", "ALL"; without those after a '!'
    std::vector<SudoCommand> commands;
};

// All files of a host, one after the other: what an alias stands for may come behind its use.
class SudoRules
{
  public:
    void add(const std::string &file, std::string_view text);
    // In their order, with what aliases stand for in the place of each, four deep and 4,096 names
    // at most. Lines that are no rule are left out.
    std::vector<SudoRule> all() const;

  private:
    enum class Kind {
        user,
        runas,
        command
    };
    using Names = std::vector<std::string>;

    bool add_alias(std::string_view line);
    void expand(Kind kind, const std::string &name, int depth, Names &out) const;

    std::map<std::pair<Kind, std::string>, Names> aliases_;
    std::vector<SudoRule> rules_; // as they stand there
};

} // namespace jit::doctor
