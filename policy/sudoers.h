// sudo's side of a policy: what has to stand in /etc/sudoers.d for its roles to be of use. Pure.
#pragma once

#include <string>

#include "policy/config.h"
#include "policy/decide.h"
#include "policy/model.h"

namespace jit::policy {

enum class SudoersStyle {
    gate, // a standing rule for the eligible; the gate in PAM asks them in the same call
    group // a rule for the role's groups: they are had by `jitctl request` first
};

// A file for sudoers(5), with comments that say what stands where and why.
//   host    roles of other hosts are left out
std::string render_sudoers(const Policy &policy, const Config &config, const Host &host,
                           SudoersStyle style);

// Local users and groups that a requester may come as, as sudoers writes them: "alice",
// "%engineers". Whom only a sign-in can tell is everybody whom jit knows a person of.
std::vector<std::string> eligible_for(const Role &role, const Config &config);

} // namespace jit::policy
