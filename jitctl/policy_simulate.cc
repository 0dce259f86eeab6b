// `jitctl policy simulate`: earlier requests, out of the audit, against another policy.
#include <array>
#include <map>
#include <utility>

#include "jitctl/policy_load.h"
#include "jitctl/simulation.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/ipc/audit.h"
#include "lib/sys/local_accounts.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_calls = 10'000;

// Every record since then, in the order of the ledger.
//   refusal  set if jitd said no
template <typename Use> Result<void> read_audit(const std::string &socket, WallTime since, Use use,
                                                std::optional<ipc::Reply> &refusal)
{
    ipc::AuditCall call;
    call.since = since;
    for (std::size_t calls = 0; calls < max_calls; ++calls) {
        const BootTime deadline = boot_time() + answer_within;
        Client client = TRY(Client::connect(socket, deadline));
        const ipc::Json parameters = ipc::encode_audit_call(call);
        TRY(client.send(ipc::method::audit, parameters.get(), true, deadline));
        std::optional<std::int64_t> next;
        for (bool continues = true; continues;) {
            ipc::Reply reply = TRY(client.receive(answer_within));
            if (!reply.error.empty()) {
                refusal = std::move(reply);
                return {};
            }
            continues = reply.continues;
            const ipc::AuditReply record = TRY(ipc::decode_audit_reply(reply.parameters.get()));
            if (record.seq > 0)
                use(record.record);
            next = record.next;
        }
        if (!next)
            return {};
        call.after = *next;
    }
    return Error{Code::bad_input, "the audit has no end"};
}

void print_object(const Output &output, const std::vector<Replayed> &replayed)
{
    ipc::Json list{json_array()};
    for (const Replayed &one : replayed)
        (void)json_array_append_new( // a null list makes the whole object null, which is told
            list.get(),
            json_pack("{s:s,s:s,s:s,s:s,s:s}", "at", format_time(one.at).c_str(), "user",
                      safe_text(one.user, 64).c_str(), "role", safe_text(one.role, 64).c_str(),
                      "outcome", std::string{name_of(one.outcome)}.c_str(), "text",
                      safe_text(one.text, ipc::max_message_bytes).c_str()));
    output.print_json(ipc::Json{json_pack("{s:o}", "requests", list.release())}.get());
}

} // namespace

Exit policy_simulate(const Command &command, const Output &output, const std::string &socket,
                     const PolicyPlaces &places)
{
    const LoadedPolicy loaded = load_policy(command.directory, places);
    if (!loaded.policy)
        return report_errors(output, loaded);
    // Each look reads two files, and a month has many requests of few people.
    std::map<std::string, std::vector<std::string>> groups;
    Simulation simulation{*loaded.policy, host_of(loaded.config), [&](const std::string &user) {
                              const auto [place, is_new] = groups.try_emplace(user);
                              if (is_new && is_name(user))
                                  place->second = sys::read_local_groups(user).value_or({});
                              return place->second;
                          }};
    std::optional<ipc::Reply> refusal;
    const Result<void> read = read_audit(
        socket, *command.at,
        [&](const std::string &line) {
            if (const auto event = read_past_event(line))
                simulation.play(*event);
        },
        refusal);
    if (!read.has_value())
        return report(output, read.error());
    if (refusal)
        return report(output, *refusal);

    std::array<std::size_t, 4> count{};
    for (const Replayed &one : simulation.replayed()) {
        ++count.at(static_cast<std::size_t>(one.outcome));
        if (!output.json && one.outcome != Replayed::Outcome::same)
            output.print(format_time(one.at) + " " + one.user + " " + one.role + ": " + one.text);
    }
    const std::size_t changed = count[1] + count[2] + count[3];
    if (output.json)
        print_object(output, simulation.replayed());
    else
        output.print(std::to_string(simulation.replayed().size()) +
                     " requests: " + std::to_string(count[0]) + " the same, " +
                     std::to_string(count[1]) + " refused, " + std::to_string(count[2]) +
                     " shorter, " + std::to_string(count[3]) + " no longer refused");
    return changed == 0 ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
