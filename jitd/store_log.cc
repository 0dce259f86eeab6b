// The log that SQLite writes before the ledger's tables.
#include "jitd/limits.h"
#include "jitd/store_statements.h"

namespace jit::daemon {

bool Store::take_in_log()
{
    int pages = 0;
    int taken = 0;
    return sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &taken) ==
               SQLITE_OK &&
           pages == taken;
}

// After each transaction. What it returns would be the transaction's failure, which it was not.
int Store::on_log(void *self, sqlite3 *, const char *, int pages) noexcept
{
    auto *const store = static_cast<Store *>(self);
    if (pages >= (store->log_is_long_ ? limits::log_pages_most : limits::log_pages))
        (void)store->take_in_log();
    else if (pages >= limits::log_pages)
        store->log_is_long_();
    return SQLITE_OK;
}

} // namespace jit::daemon
