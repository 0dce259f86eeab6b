#include "jitd/audit.h"

#include <syslog.h>

#include <vector>

#include "jitd/limits.h"
#include "lib/sys/journal.h"

namespace jit::daemon {

bool Audit::write(const AuditRecord &record)
{
    const std::string text = encode_record(record, wall_time());
    const auto chain = text.empty() ? Result<std::string>{Error{Code::internal, "no memory"}}
                                    : store_.append_audit(name_of(record.event), text);
    std::vector<sys::Field> fields;
    fields.push_back({"MESSAGE_ID", message_id_of(record.event)});
    for (JournalField &field : journal_fields(record))
        fields.push_back({field.name, std::move(field.value)});
    if (chain)
        fields.push_back({"JIT_CHAIN", *chain});
    sys::write_journal(priority_of(record.event), record.message, fields);
    if (!chain) {
        const std::vector<sys::Field> error{{"ERRNO", std::to_string(chain.error().sys)}};
        sys::write_journal(LOG_ALERT,
                           std::string{"the record before this one is not in the ledger: "} +
                               chain.error().what,
                           error);
    }
    return chain.has_value();
}

void Audit::write_limited(const AuditRecord &record, BootTime now)
{
    constexpr std::chrono::seconds minute{60};
    Spent &spent = spent_[record.user];
    if (now - spent.window >= minute) {
        const unsigned left_out = spent.left_out;
        spent = Spent{now, 0, 0};
        if (left_out > 0) {
            AuditRecord summary = record;
            summary.message = std::to_string(left_out) + " more refusals of " + record.user +
                              " were left out of the ledger";
            (void)write(summary);
        }
        // Users who have been quiet need no place here.
        std::erase_if(spent_, [&](const auto &entry) {
            return now - entry.second.window >= 10 * minute && entry.second.left_out == 0;
        });
    }
    if (spent_[record.user].written >= limits::refusals_a_minute) {
        ++spent_[record.user].left_out;
        return;
    }
    ++spent_[record.user].written;
    (void)write(record);
}

} // namespace jit::daemon
