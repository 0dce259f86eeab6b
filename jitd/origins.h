// Where a call comes from, as far as root's programs tell: what may join a request, or have what
// was approved for it.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "jitd/request_facts.h"
#include "lib/ipc/elevation.h"

namespace jit::daemon {

// Of a login over ssh: the keys and methods that have proven who is there, and the address it comes
// from; where nothing has, this very connection. Absent: not over ssh, or no digest could be made.
std::optional<Origin> origin_of(const ipc::CheckCall &call);
std::optional<Origin> origin_of(const ipc::RequestCall &call);

// The digest of the one key that has proven who is there, and of the address; empty: no key has,
// more than it has, or not over ssh. Equal to the origin's proof.
std::string key_of(const ipc::CheckCall &call);
std::string key_of(const ipc::RequestCall &call);

// By what a login is known from its check to its end: over ssh by its connection, else by the
// process that calls, which is root's program.
std::string login_of(const ipc::CheckCall &call, pid_t caller);
std::string login_of(const ipc::RequestCall &call, pid_t caller);

// Among whose requests one counts: those of its user. As a shared account several people come, who
// must not take each other's places: there, those of the same origin.
std::string payer_of(const std::string &user, const Origin &origin, bool is_shared);

} // namespace jit::daemon
