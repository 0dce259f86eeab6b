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

// SSH_AUTH_INFO_0 has a line for each method that has succeeded (sshd(8)).
bool is_single_key(std::string_view proof)
{
    constexpr std::string_view key = "publickey ";
    const std::size_t end = proof.find('\n');
    return proof.starts_with(key) && (end == proof.npos || end + 1 == proof.size());
}

std::string name_login(const std::optional<std::string> &connection, pid_t caller)
{
    return connection ? *connection : "process " + std::to_string(caller);
}

template <typename Call> std::string find_key(const Call &call)
{
    const auto origin = origin_of(call);
    return origin && call.proof && is_single_key(*call.proof) ? origin->proof : std::string{};
}

} // namespace

std::string key_of(const ipc::CheckCall &call)
{
    return find_key(call);
}

std::string key_of(const ipc::RequestCall &call)
{
    return find_key(call);
}

std::string login_of(const ipc::CheckCall &call, pid_t caller)
{
    return name_login(call.connection, caller);
}

std::string login_of(const ipc::RequestCall &call, pid_t caller)
{
    return name_login(call.connection, caller);
}

std::string payer_of(const std::string &user, const Origin &origin, bool is_shared)
{
    return is_shared ? user + " " + origin.tty + " " + origin.proof : user;
}

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
