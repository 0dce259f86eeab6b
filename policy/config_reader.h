// The sections of jitd.toml that need more than a line or two to read.
#pragma once

#include "policy/config.h"
#include "policy/table_reader.h"

namespace jit::policy {

// [identity]: who is asked, and what follows from that (hosts, discovery address).
void read_identity(TableReader &identity, Config &config);

// [users]. After [identity]: what an id looks like depends on the provider.
void read_users(TableReader &users, Config &config);

// [pam]
void read_pam(TableReader &pam, Config &config);

// [notify]. No fault has anything of an address or of a key in it.
void read_notify(TableReader &notify, Config &config);

} // namespace jit::policy
