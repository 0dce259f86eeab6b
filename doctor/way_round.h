// Which rules of sudoers let somebody do without a grant what a role is for. Pure.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/sudo_rules.h"
#include "doctor/sudo_side.h"

namespace jit::doctor {

// A role that sudo opens.
struct SudoRole {
    std::string name;
    std::vector<std::string> eligible; // who may ask for it: "alice", "%engineers", "ALL"
    std::vector<std::string> groups;   // that it gives
    std::vector<SudoCommand> commands; // its sudo.rules
};

// What stands between a rule and its command.
struct SudoGate {
    bool is_group_style = false; // the roles' own rules are for their groups
    std::vector<SudoRole> roles;
    std::vector<SudoRule> own; // the rules that jit itself writes
    // A PAM service of sudo: the faults of its stack; empty: a refusal stays one.
    std::function<std::vector<Finding>(const std::string &service)> judge;
    // Whether a role, or strict_services, gates sudo for a user.
    std::function<bool(const std::string &user)> is_gated;
    bool is_everybody_gated = false;
    std::map<std::string, std::set<std::string>> members; // of local groups
};

// In the order of the rules, behind what settings and PAM's files do. With a gate that holds, only
// what it does not stand before; NOPASSWD is no way round it. root's own rules are none.
std::vector<Finding> find_ways_round(const std::vector<SudoRule> &rules, const SudoSide &side,
                                     const SudoGate &gate);

} // namespace jit::doctor
