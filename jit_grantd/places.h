// Where the root helper's files are.
#pragma once

#include <string>

namespace jit::grantd {

// The program uses these values; a test puts its own folder before them.
struct Places {
    std::string policy = "/etc/jit/policy.d";
    std::string config = "/etc/jit/jitd.toml";
    std::string masks = "/etc/userdb";
    std::string state = "/var/lib/jit-grantd"; // grants/ID.json, last-good.json, etc-group
    std::string run = "/run/jit-grantd";       // lock, reconciled, backend
    std::string userdb = "/run/userdb";        // USER:GROUP.membership
    std::string etc = "/etc";                  // group, gshadow, nsswitch.conf
    std::string devices = "/dev";              // terminals
};

} // namespace jit::grantd
