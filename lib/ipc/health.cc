#include "lib/ipc/health.h"

#include <cstddef>

#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_word_bytes = 32;
constexpr std::size_t max_fault_bytes = 2048;

} // namespace

std::string_view name_of(PolicyInForce policy)
{
    switch (policy) {
    case PolicyInForce::current:
        return "current";
    case PolicyInForce::last_good:
        return "last-good";
    case PolicyInForce::none:
        return "none";
    }
    return "none";
}

std::optional<PolicyInForce> parse_policy_in_force(std::string_view text)
{
    for (const auto policy :
         {PolicyInForce::current, PolicyInForce::last_good, PolicyInForce::none})
        if (name_of(policy) == text)
            return policy;
    return std::nullopt;
}

Result<void> decode_health_call(const json_t *parameters)
{
    return MemberReader{parameters}.finish();
}

Result<HealthReply> decode_health_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    HealthReply reply;
    reply.is_configured = reader.flag("configured");
    const auto policy = parse_policy_in_force(reader.text("policy", max_word_bytes));
    if (policy)
        reply.policy = *policy;
    else
        reader.refuse("a word is not one of the protocol's");
    reply.fault = reader.maybe_text("fault", max_fault_bytes);
    TRY(reader.finish());
    return reply;
}

Json encode_health_reply(const HealthReply &reply)
{
    MemberWriter writer;
    writer.flag("configured", reply.is_configured);
    writer.text("policy", name_of(reply.policy));
    writer.maybe_text("fault", reply.fault);
    return writer.take();
}

} // namespace jit::ipc
