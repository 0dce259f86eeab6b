// The ledger's transactions, and what waits for one.
#include <algorithm>

#include "jitd/limits.h"
#include "jitd/store_statements.h"

namespace jit::daemon {

Result<void> Store::commit(const Writes &writes)
{
    const std::size_t dropped = notices_dropped_;
    const std::string head = head_;
    appended_ = 0;
    const auto done = [&]() -> Result<void> {
        if (!run(statements_->begin))
            return write_error(db_);
        TRY(writes());
        if (!run(statements_->commit))
            return write_error(db_);
        return {};
    }();
    if (!done) {
        if (sqlite3_get_autocommit(db_) == 0) // some errors have rolled back already
            (void)run(statements_->rollback);
        notices_dropped_ = dropped;
        head_ = head;
    }
    return done;
}

Result<void> Store::transact(const Writes &writes)
{
    if (held_.empty())
        return commit(writes);
    std::vector<Waiting> held = std::exchange(held_, {});
    const auto done = commit([&]() -> Result<void> {
        for (Waiting &one : held)
            TRY(put_held(one, true));
        return writes();
    });
    if (!done)
        settle_each(std::move(held));
    else
        for (const Waiting &one : held)
            tell(one, Chained{one.hash, true});
    return done;
}

Result<void> Store::put_held(Waiting &held, bool with_notices)
{
    held.hash = TRY(append(held.record.event, held.record.text));
    if (with_notices && !put_notices(held.record.notices))
        return write_error(db_);
    if (held.pin)
        TRY(put_pin(*held.pin));
    return {};
}

// What comes together with others may fail for their sake.
void Store::settle_each(std::vector<Waiting> held)
{
    for (Waiting &one : held) {
        bool has_notices = true;
        auto done = commit([&] { return put_held(one, true); });
        if (!done && !one.record.notices.empty()) {
            has_notices = false;
            done = commit([&] { return put_held(one, false); });
        }
        if (done)
            tell(one, Chained{one.hash, has_notices});
        else
            tell(one, done.error());
    }
}

void Store::tell(const Waiting &held, const Result<Chained> &result)
{
    if (held.pin_done)
        held.pin_done(result.has_value());
    if (held.record.done)
        held.record.done(result);
}

void Store::hold(Held record)
{
    held_.push_back({std::move(record), {}, {}, {}});
    // One more may come with the write that takes them along.
    if (turns_ == 0 || held_.size() + 1 >= limits::records_at_once)
        settle();
}

bool Store::hold_pin(const Pin &pin, std::function<void(bool)> done)
{
    const auto has_pin = [](const Waiting &one) { return one.pin.has_value(); };
    if (held_.empty() || std::any_of(held_.begin(), held_.end(), has_pin))
        return false;
    held_.back().pin = pin;
    held_.back().pin_done = std::move(done);
    return true;
}

void Store::settle()
{
    if (!held_.empty())
        (void)transact([]() -> Result<void> { return {}; }); // each is told what has come of it
}

} // namespace jit::daemon
