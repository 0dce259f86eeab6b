// What the parts of the ledger share: its prepared statements, and how one is used.
#pragma once

#include <sqlite3.h>

#include "jitd/store.h"
#include "lib/base/handle.h"

namespace jit::daemon {

using Statement = Handle<sqlite3_stmt, &sqlite3_finalize>;

struct Store::Statements {
    Statement put, open, one, served, may_have_served, newest, newest_of_user, head, append, audit,
        untold, told, told_before, begin, commit, rollback, pins, add_pin, confirm_pin, remove_pin;
    Statement put_notice, drop_notices, next_notice, forget_notice, notified, forget_webhook;
};

// The table of store_notices.cc.
extern const char *const notice_schema;

inline Error sqlite_error(sqlite3 *db, const char *what)
{
    return Error{Code::unavailable, what, sqlite3_system_errno(db)};
}

// Of a write that has failed, before anything else is run.
inline Error write_error(sqlite3 *db)
{
    return sqlite_error(db, sqlite3_errcode(db) == SQLITE_FULL
                                ? "the ledger can't be written, since it or its disk is full"
                                : "the ledger can't be written");
}

// Binds and resets; a statement is used again and again.
class Use
{
  public:
    explicit Use(const Statement &statement) : statement_(statement.get())
    {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Use(const Use &) = delete;
    Use &operator=(const Use &) = delete;
    ~Use() { sqlite3_reset(statement_); }

    void text(int at, std::string_view value)
    {
        sqlite3_bind_text(statement_, at, value.data(), static_cast<int>(value.size()),
                          SQLITE_TRANSIENT);
    }
    void number(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }

    int step() { return sqlite3_step(statement_); }

    std::string text_at(int column) const
    {
        const auto *bytes = sqlite3_column_text(statement_, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return bytes ? std::string{reinterpret_cast<const char *>(bytes), size} : std::string{};
    }
    std::int64_t number_at(int column) const { return sqlite3_column_int64(statement_, column); }
    bool is_null_at(int column) const
    {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }

  private:
    sqlite3_stmt *statement_;
};

inline bool run(const Statement &statement)
{
    return Use{statement}.step() == SQLITE_DONE;
}

inline WallTime wall_at(const Use &row, int column)
{
    return WallTime{std::chrono::seconds{row.number_at(column)}};
}

} // namespace jit::daemon
