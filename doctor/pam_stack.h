// Whether a refusal of pam_jit.so stays one in a service: contract of pam_jit(8), pam.conf(5).
// Pure.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/pam_file.h"

namespace jit::doctor {

// What is wrong with a service that is to be gated: pam_jit.so is not asked in account, or in auth,
// or may be passed by, or what it refuses is let in after all, or it takes for proven who is not;
// and what is to be known. In the order account, auth, session. may_start_unproven: jitd.toml has
// unproven_start = true.
std::vector<Finding> judge_service(const std::string &service, const ReadPamFile &read,
                                   bool may_start_unproven = false);

// Whether a file names pam_jit.so at all, itself.
bool names_module(std::string_view text);

} // namespace jit::doctor
