// The few ways in which a call is answered with a no.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/elevation.h"
#include "lib/sys/varlink_server.h"

namespace jit::daemon {

using Exchange = std::shared_ptr<sys::Exchange>;

// A named error with a line for people; the connection stays.
void fail(const Exchange &exchange, ipc::Fault fault, std::string_view message);

// For who breaks the rules: a named error, and the connection ends.
void refuse_parameters(const Exchange &exchange, const Error &error);
void refuse_caller(const Exchange &exchange, std::string_view message);

} // namespace jit::daemon
