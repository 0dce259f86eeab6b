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
// from; where a line before ours has, this very connection. Absent: not over ssh, or no digest
// could be made.
std::optional<Origin> origin_of(const ipc::CheckCall &call);
// Where nothing has: this connection in the hands of the process that asks. Ports are used again,
// by somebody else at the same address, and here the port would be all that there is.
std::optional<Origin> unproven_origin_of(const ipc::CheckCall &call, pid_t asking);
// Either.
std::optional<Origin> origin_of(const ipc::RequestCall &call, pid_t asking);

// By what a refusal is kept for the retries of a connection: who has proven nothing is told his
// own, and nobody else is.
std::string retried_as(const ipc::RequestCall &call);

// The digest of the one key that has proven who is there, and of the address; empty: no key has,
// more than it has, or not over ssh. Equal to the proof of the origin.
std::string key_of(const ipc::CheckCall &call);
bool has_one_key(const ipc::RequestCall &call);

// By what a login is known from its check to its end: over ssh by its connection, else by the
// process that calls, which is root's program.
std::string login_of(const std::optional<std::string> &connection, pid_t caller);

} // namespace jit::daemon
