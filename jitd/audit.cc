#include "jitd/audit.h"

#include <syslog.h>

#include <vector>

#include "jitd/limits.h"
#include "jitd/notices.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/sys/journal.h"

namespace jit::daemon {

namespace {

// Without a chain: the ledger does not have the record.
void tell(const AuditRecord &record, const std::string &message, const std::string &chain)
{
    std::vector<sys::Field> fields;
    fields.push_back({"MESSAGE_ID", message_id_of(record.event)});
    for (JournalField &field : journal_fields(record))
        fields.push_back({field.name, std::move(field.value)});
    if (!chain.empty())
        fields.push_back({"JIT_CHAIN", chain});
    const bool is_alarming = record.rule == rule_pin_mismatch || record.rule == rule_unattended;
    sys::write_journal(is_alarming ? LOG_ALERT : priority_of(record.event), message, fields);
}

void tell_unwritten(const AuditRecord &record, const Error &why)
{
    tell(record, record.message, {});
    const std::vector<sys::Field> error{{"ERRNO", std::to_string(why.sys)}};
    sys::write_journal(LOG_ALERT, words::not_in_ledger(why), error);
}

} // namespace

Result<std::string> Audit::append(const AuditRecord &record, const StoredRequest *with)
{
    const WallTime at = record.at.value_or(wall_time());
    const std::string text = encode_record(record, at);
    if (text.empty())
        return Error{Code::internal, "no memory"};
    if (notices_ != nullptr) {
        if (const auto notices = notices_->of_record(record, at, with); !notices.empty()) {
            if (auto chain = store_.append_audit(name_of(record.event), text, with, notices)) {
                notices_->on_kept();
                return chain;
            }
            // A ledger that is nearly full is for requests and their records.
            auto chain = store_.append_audit(name_of(record.event), text, with);
            if (chain)
                notices_->on_lost();
            return chain;
        }
    }
    return store_.append_audit(name_of(record.event), text, with);
}

bool Audit::write(const AuditRecord &record, const StoredRequest *with)
{
    const auto chain = append(record, with);
    if (chain)
        tell(record, record.message, *chain);
    else
        tell_unwritten(record, chain.error());
    return chain.has_value();
}

void Audit::write_soon(AuditRecord record, std::function<void()> failed)
{
    const WallTime at = record.at.value_or(wall_time());
    Store::Held held{std::string{name_of(record.event)}, encode_record(record, at), {}, {}};
    if (held.text.empty()) {
        tell_unwritten(record, Error{Code::internal, "no memory"});
        return failed();
    }
    if (notices_ != nullptr)
        held.notices = notices_->of_record(record, at, nullptr);
    held.done = [notices = held.notices.empty() ? nullptr : notices_, record = std::move(record),
                 failed = std::move(failed)](const Result<Store::Chained> &chained) {
        if (!chained) {
            tell_unwritten(record, chained.error());
            return failed();
        }
        if (notices != nullptr)
            chained->has_notices ? notices->on_kept() : notices->on_lost();
        tell(record, record.message, chained->hash);
    };
    store_.hold(std::move(held));
}

bool Audit::write_late(const AuditRecord &record, const StoredRequest *with)
{
    const auto chain = append(record, with);
    if (chain)
        tell(record, "now in the ledger: " + record.message, *chain);
    return chain.has_value();
}

void Audit::tell_untold()
{
    const auto untold = store_.read_untold();
    if (!untold)
        return; // a ledger that can't be read stops the daemon soon enough
    for (const Store::Untold &one : *untold)
        if (const auto record = decode_record(one.text))
            tell(*record, "once more, after a crash: " + record->message, one.hash);
}

void Audit::note_told()
{
    (void)store_.note_told(); // at worst a record is told twice
}

void Audit::say_left_out(BootTime now, bool all)
{
    constexpr std::chrono::seconds minute{60};
    for (auto entry = minutes_.begin(); entry != minutes_.end();) {
        Minute &spent = entry->second;
        if (!all && now - spent.began < minute) {
            ++entry;
            continue;
        }
        if (spent.left_out > 0) {
            spent.last.message = std::to_string(spent.left_out) +
                                 " more records like the ones of " + spent.last.user +
                                 " before this were left out, the last: " + spent.last.message;
            (void)write(spent.last);
        }
        entry = minutes_.erase(entry);
    }
}

void Audit::write_limited(const AuditRecord &record, BootTime now, bool is_unproven)
{
    say_left_out(now, false);
    const unsigned most =
        record.event == Event::used ? limits::uses_a_minute : limits::refusals_a_minute;
    Minute &spent = minutes_
                        .try_emplace({record.event, is_unproven ? std::string{} : record.user},
                                     Minute{now, 0, 0, {}})
                        .first->second;
    if (spent.written >= most) {
        ++spent.left_out;
        spent.last = record;
        return;
    }
    ++spent.written;
    (void)write(record);
}

} // namespace jit::daemon
