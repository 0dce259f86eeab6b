// Who asks in `jitctl policy explain`: what this host and the claims of a sign-in tell of him, as
// jitd would know it. A pin is jitd's own, and not known here.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "lib/base/clock.h"
#include "lib/oidc/token.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "policy/model.h"

namespace jit::ctl {

struct Asker {
    policy::Person person;
    std::optional<uid_t> uid; // absent: this host has no such user
    std::string upn;          // by which his person is found; empty: not by a name
    // Why jitd refuses the sign-in whatever the role says: it is somebody else's. Empty: it is his.
    std::string wrong_person;
};

// Before he signs in.
//   config  null: the host has none, so whoever signs in is taken to be him, and by root's word
Asker read_asker(const std::string &user, const policy::Config *config);

// Once he has signed in with such claims.
void add_sign_in(Asker &asker, const policy::Role &role, const oidc::Claims &claims,
                 const policy::Config *config, WallTime now);

} // namespace jit::ctl
