// What of sudo's own settings decides whether it asks PAM, and by which service: sudoers(5),
// sudo.conf(5). Pure. It reads settings and names, and understands no rule.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/finding.h"

namespace jit::doctor {

struct SudoSide {
    std::vector<Finding> findings;
    std::vector<Finding>
        unasked; // settings by which no password is asked for: findings without a gate
    // That sudoers has sudo ask by, pam_service and the like, and where it says so first.
    std::map<std::string, std::string> services;
    std::string group_rule; // where a rule for a role's group was seen first; empty: nowhere
};

// Adds what a file of sudoers holds. Includes are not followed, and said: but for /etc/sudoers.d,
// whose files the caller has.
//   file         its path, for people
//   role_groups  the groups of roles that sudo opens
void read_sudoers(const std::string &file, std::string_view text,
                  const std::set<std::string> &role_groups, SudoSide &side);

// Whether sudo asks the name service for groups, and so sees a grant and its end at once.
bool has_dynamic_groups(std::string_view sudo_conf);

} // namespace jit::doctor
