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
// The origin of either kind.
std::optional<Origin> origin_of(const ipc::RequestCall &call, pid_t asking);

// By what a refusal is kept for the retries of a connection: who has proven nothing is told his
// own, and nobody else is.
std::string retried_as(const ipc::RequestCall &call);

// Of a login to a shared account that serves nobody else: this connection in the hands of the
// process that asks, and what has proven who is there. Several people may come by one key or
// password.
std::optional<Origin> sole_origin_of(const ipc::CheckCall &call, pid_t asking);
std::optional<Origin> sole_origin_of(const ipc::RequestCall &call, pid_t asking);

// Whether one key, and nothing else, has proven who is there (SSH_AUTH_INFO_0).
bool has_one_key(const std::optional<std::string> &proof);

// By what a login is known from its check to its end: over ssh by its connection, else by the
// process that calls, which is root's program.
std::string login_of(const std::optional<std::string> &connection, pid_t caller);

} // namespace jit::daemon
