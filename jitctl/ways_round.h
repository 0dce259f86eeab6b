// Which rules of this host let somebody do without a grant what a role of sudo is for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "jitctl/policy_load.h"
#include "policy/sudoers.h"

namespace jit::ctl {

//   loaded   with policy and configuration
//   text     what is rendered for sudoers in this style
//   returns  absent: sudoers cannot be read
std::optional<std::vector<doctor::Finding>> look_for_ways_round(const LoadedPolicy &loaded,
                                                                policy::SudoersStyle style,
                                                                const std::string &text,
                                                                const DoctorPlaces &host);

} // namespace jit::ctl
