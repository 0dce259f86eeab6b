#include "jitd/origins.h"

#include "lib/sys/digest.h"
#include "policy/services.h"

namespace jit::daemon {

namespace {

std::optional<Origin> make_origin(std::string_view service, const std::string &connection,
                                  const std::optional<std::string> &proof,
                                  const std::optional<std::string> &rhost)
{
    // Keys may be long, and thousands may wait.
    const auto digest =
        sys::sha256_hex(proof ? *proof + "\n" + rhost.value_or("") : "connection " + connection);
    if (!digest)
        return std::nullopt;
    Origin origin;
    origin.service = policy::asked_as(service);
    origin.proof = *digest;
    return origin;
}

} // namespace

std::optional<Origin> origin_of(const ipc::CheckCall &call)
{
    if (!call.connection)
        return std::nullopt;
    return make_origin(call.service, *call.connection, call.proof, call.rhost);
}

std::optional<Origin> origin_of(const ipc::RequestCall &call)
{
    if (!call.connection)
        return std::nullopt;
    return make_origin(call.service.value_or(""), *call.connection, call.proof, call.rhost);
}

} // namespace jit::daemon
