// Logins to an account that several people have (jit-policy(5), shared).
#pragma once

#include <string>
#include <string_view>

#include "policy/model.h"

namespace jit::daemon {

// Why a role can't be asked for at a door, though all else is met.
struct NoLogin {
    std::string_view rule; // a word for the audit; empty: it can
    std::string line;      // for people

    explicit operator bool() const { return !rule.empty(); }
};

// A shared account's role is asked for by logging in, over ssh by somebody who has proven that the
// account lets him in.
//   service    of PAM; empty: jitctl
//   has_proof  over ssh: something has
NoLogin why_no_login(const policy::Role &role, std::string_view service, bool has_proof);

} // namespace jit::daemon
