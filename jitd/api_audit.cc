// Handing out the audit.
#include "jitd/api.h"

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/ipc/audit.h"

namespace jit::daemon {

namespace {

bool is_asked_for(const ipc::AuditCall &call, const AuditRecord &record)
{
    return (!call.since || (record.at && *record.at >= *call.since)) &&
           (!call.user || record.user == *call.user) && (!call.role || record.role == *call.role) &&
           (!call.event || name_of(record.event) == *call.event);
}

} // namespace

void Api::answer_audit(Call exchange)
{
    auto call = ipc::decode_audit_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    if (!caller->is_root()) {
        if (call->user && *call->user != caller->user)
            return refuse_caller(exchange, words::only_root_reads_others);
        call->user = caller->user;
    }
    const auto found = parts_.store.read_audit(call->after, limits::audit_rows);
    if (!found)
        return fail(exchange, ipc::Fault::unavailable, found.error().what);
    ipc::AuditReply last; // says where to go on, if there is more
    if (found->size() == limits::audit_rows)
        last.next = found->back().seq;
    std::size_t sent = 0;
    std::size_t bytes = 0;
    for (const Store::AuditRow &row : *found) {
        // A line of a later version is nothing that could be asked for.
        const auto record = decode_record(row.text);
        if (!record || !is_asked_for(*call, *record))
            continue;
        bytes += row.text.size();
        if (sent++ == limits::audit_records || (bytes > limits::audit_bytes && sent > 1)) {
            last.next = row.seq - 1;
            break;
        }
        exchange->reply_and_continue(
            ipc::encode_audit_reply({row.seq, row.hash, row.text, std::nullopt}));
    }
    exchange->reply(ipc::encode_audit_reply(last));
}

} // namespace jit::daemon
