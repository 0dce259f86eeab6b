#include "jitd/origins.h"

#include "lib/sys/digest.h"
#include "policy/services.h"

namespace jit::daemon {

namespace {

// Keys may be long, and thousands may wait.
std::optional<Origin> make_origin(std::string_view service, const std::string &text,
                                  bool is_unproven)
{
    const auto digest = sys::sha256_hex(text);
    if (!digest)
        return std::nullopt;
    Origin origin;
    origin.service = policy::asked_as(service);
    origin.proof = *digest;
    origin.is_unproven = is_unproven;
    return origin;
}

std::optional<Origin> make_origin(std::string_view service, const std::string &connection,
                                  const std::optional<std::string> &proof,
                                  const std::optional<std::string> &rhost)
{
    return make_origin(
        service, proof ? *proof + "\n" + rhost.value_or("") : "connection " + connection, false);
}

std::optional<Origin> make_unproven(std::string_view service, const std::string &connection,
                                    pid_t asking)
{
    return make_origin(service, "connection " + connection + " of " + std::to_string(asking), true);
}

std::optional<Origin> make_sole(std::string_view service,
                                const std::optional<std::string> &connection,
                                const std::optional<std::string> &proof, pid_t asking)
{
    if (!connection || !proof)
        return std::nullopt;
    return make_origin(
        service, "login " + *connection + " of " + std::to_string(asking) + "\n" + *proof, false);
}

} // namespace

// SSH_AUTH_INFO_0 has a line for each method that has succeeded (sshd(8)).
bool has_one_key(const std::optional<std::string> &proof)
{
    constexpr std::string_view key = "publickey ";
    if (!proof || !proof->starts_with(key))
        return false;
    const std::size_t end = proof->find('\n');
    return end == proof->npos || end + 1 == proof->size();
}

std::optional<Origin> sole_origin_of(const ipc::CheckCall &call, pid_t asking)
{
    return make_sole(call.service, call.connection, call.proof, asking);
}

std::optional<Origin> sole_origin_of(const ipc::RequestCall &call, pid_t asking)
{
    return make_sole(call.service.value_or(""), call.connection, call.proof, asking);
}

std::string login_of(const std::optional<std::string> &connection, pid_t caller)
{
    return connection ? *connection : "process " + std::to_string(caller);
}

std::optional<Origin> origin_of(const ipc::CheckCall &call)
{
    if (!call.connection)
        return std::nullopt;
    return make_origin(call.service, *call.connection, call.proof, call.rhost);
}

std::optional<Origin> unproven_origin_of(const ipc::CheckCall &call, pid_t asking)
{
    if (!call.connection || call.proof)
        return std::nullopt;
    return make_unproven(call.service, *call.connection, asking);
}

std::optional<Origin> origin_of(const ipc::RequestCall &call, pid_t asking)
{
    if (!call.connection)
        return std::nullopt;
    if (call.unproven)
        return make_unproven(call.service.value_or(""), *call.connection, asking);
    return make_origin(call.service.value_or(""), *call.connection, call.proof, call.rhost);
}

std::string retried_as(const ipc::RequestCall &call)
{
    return (call.unproven ? "unproven " : "") + call.connection.value_or("");
}

} // namespace jit::daemon
