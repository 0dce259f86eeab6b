// The ledger's table of notices that have not been sent yet.
#include <algorithm>

#include "jitd/limits.h"
#include "jitd/store_statements.h"

namespace jit::daemon {

// AUTOINCREMENT: a number is never given twice, so "after" means the same after a restart.
const char *const notice_schema = R"(
CREATE TABLE IF NOT EXISTS notice (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, made INTEGER NOT NULL,
  notice TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notice_of_webhook ON notice (webhook, seq);
)";

bool Store::prepare_notices(sqlite3 *db, Statements &statements)
{
    const auto prepare = [db](Statement &into, const char *sql) {
        sqlite3_stmt *made = nullptr;
        (void)sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
        into.reset(made);
        return made != nullptr;
    };
    return prepare(statements.put_notice,
                   "INSERT INTO notice (webhook, made, notice) VALUES (?1, ?2, ?3)") &&
           prepare(statements.drop_notices,
                   "DELETE FROM notice WHERE webhook = ?1 AND seq <= (SELECT seq FROM notice "
                   "WHERE webhook = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)") &&
           prepare(statements.next_notice,
                   "SELECT seq, webhook, made, notice FROM notice WHERE webhook = ?1 AND seq > ?2 "
                   "ORDER BY seq LIMIT 1") &&
           prepare(statements.forget_notice, "DELETE FROM notice WHERE seq = ?1") &&
           prepare(statements.notified, "SELECT DISTINCT webhook FROM notice") &&
           prepare(statements.forget_webhook, "DELETE FROM notice WHERE webhook = ?1");
}

bool Store::put_notices(std::span<const StoredNotice> notices)
{
    std::size_t dropped = 0;
    for (const StoredNotice &notice : notices) {
        Use put{statements_->put_notice};
        put.text(1, notice.webhook);
        put.number(2, notice.made.time_since_epoch().count());
        put.text(3, notice.text);
        Use drop{statements_->drop_notices};
        drop.text(1, notice.webhook);
        drop.number(2, static_cast<std::int64_t>(limits::notices_of_one_webhook));
        if (put.step() != SQLITE_DONE || drop.step() != SQLITE_DONE)
            return false;
        dropped += static_cast<std::size_t>(sqlite3_changes(db_));
    }
    notices_dropped_ += dropped;
    return true;
}

Result<void> Store::add_notices(std::span<const StoredNotice> notices, const StoredRequest *with)
{
    return transact([&]() -> Result<void> {
        if ((with != nullptr && !put_row(*with)) || !put_notices(notices))
            return write_error(db_);
        return {};
    });
}

Result<std::optional<StoredNotice>> Store::next_notice(std::string_view webhook, std::int64_t after)
{
    Use use{statements_->next_notice};
    use.text(1, webhook);
    use.number(2, after);
    const int status = use.step();
    if (status == SQLITE_DONE)
        return std::optional<StoredNotice>{};
    if (status != SQLITE_ROW)
        return sqlite_error(db_, "the ledger can't be read");
    return std::optional{
        StoredNotice{use.number_at(0), use.text_at(1), wall_at(use, 2), use.text_at(3)}};
}

Result<void> Store::forget_notices(std::span<const std::int64_t> seqs)
{
    const auto forget = [this](std::int64_t seq) {
        Use use{statements_->forget_notice};
        use.number(1, seq);
        return use.step() == SQLITE_DONE;
    };
    return transact([&]() -> Result<void> {
        if (!std::all_of(seqs.begin(), seqs.end(), forget))
            return write_error(db_);
        return {};
    });
}

Result<void> Store::keep_notices_of(std::span<const std::string> webhooks)
{
    std::vector<std::string> gone;
    {
        Use use{statements_->notified};
        int status = 0;
        while ((status = use.step()) == SQLITE_ROW)
            if (std::find(webhooks.begin(), webhooks.end(), use.text_at(0)) == webhooks.end())
                gone.push_back(use.text_at(0));
        if (status != SQLITE_DONE)
            return sqlite_error(db_, "the ledger can't be read");
    }
    const auto forget = [this](const std::string &webhook) {
        Use use{statements_->forget_webhook};
        use.text(1, webhook);
        return use.step() == SQLITE_DONE;
    };
    if (gone.empty())
        return {};
    return transact([&]() -> Result<void> {
        if (!std::all_of(gone.begin(), gone.end(), forget))
            return write_error(db_);
        return {};
    });
}

} // namespace jit::daemon
