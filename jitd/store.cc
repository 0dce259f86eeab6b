#include "jitd/store.h"

#include <sys/stat.h>

#include <jansson.h>

#include "jitd/store_statements.h"

namespace jit::daemon {

namespace {

using Database = Handle<sqlite3, &sqlite3_close_v2>;

// The version of the tables stands in the file's user_version. What a version adds is made where
// it is missing, so that each earlier one becomes this one:
//   1  request, audit, told
//   2  pin
//   3  request.used
//   4  request.made
//   5  request.of_login, request.login_key
//   6  request.kept, request.activation, notice
constexpr int schema_version = 6;
constexpr const char *before_3 = "ALTER TABLE request ADD COLUMN used INTEGER NOT NULL DEFAULT 0;";
constexpr const char *before_4 = "ALTER TABLE request ADD COLUMN made TEXT NOT NULL DEFAULT '';";
constexpr const char *before_5 =
    "ALTER TABLE request ADD COLUMN of_login INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN login_key TEXT NOT NULL DEFAULT '';";
constexpr const char *before_6 =
    "ALTER TABLE request ADD COLUMN kept TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE request ADD COLUMN activation TEXT NOT NULL DEFAULT '';";
// Room for new tables in a ledger that is full: without them it could not be opened to be read.
constexpr std::int64_t schema_pages = 16;
constexpr const char *schema = R"(
CREATE TABLE IF NOT EXISTS request (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL,
  oid TEXT NOT NULL, groups TEXT NOT NULL, state TEXT NOT NULL, asked_helper INTEGER NOT NULL,
  host TEXT NOT NULL, service TEXT NOT NULL, tty TEXT NOT NULL, reason TEXT NOT NULL,
  approver_oid TEXT NOT NULL, began INTEGER NOT NULL, deadline INTEGER NOT NULL,
  since INTEGER, until INTEGER, until_boot INTEGER, boot_id TEXT NOT NULL, cause TEXT NOT NULL,
  used INTEGER NOT NULL DEFAULT 0, made TEXT NOT NULL DEFAULT '',
  of_login INTEGER NOT NULL DEFAULT 0, login_key TEXT NOT NULL DEFAULT '',
  kept TEXT NOT NULL DEFAULT '', activation TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS request_by_time ON request (began DESC);
CREATE INDEX IF NOT EXISTS request_by_user ON request (user, began DESC);
CREATE INDEX IF NOT EXISTS request_activation ON request (activation) WHERE activation <> '';
CREATE INDEX IF NOT EXISTS request_open ON request (state)
  WHERE state IN ('pending-signin', 'pending-approval', 'live');
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, record TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS told (one INTEGER PRIMARY KEY CHECK (one = 1), hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pin (
  user TEXT PRIMARY KEY, oid TEXT NOT NULL, upn TEXT NOT NULL, since INTEGER NOT NULL,
  confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1))
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 6;
)";

constexpr const char *columns =
    "id, role, user, uid, oid, groups, state, asked_helper, host, service, tty, reason, "
    "approver_oid, began, deadline, since, until, until_boot, boot_id, cause, used, made, "
    "of_login, login_key, kept, activation";

std::string encode_groups(const std::vector<std::string> &groups)
{
    const Handle<json_t, &json_decref> array{json_array()};
    for (const std::string &group : groups)
        (void)json_array_append_new(array.get(), json_string(group.c_str()));
    const Handle<char, &free> text{json_dumps(array.get(), JSON_COMPACT)};
    return text ? text.get() : "[]";
}

std::vector<std::string> decode_groups(const std::string &text)
{
    std::vector<std::string> groups;
    const Handle<json_t, &json_decref> array{json_loads(text.c_str(), 0, nullptr)};
    for (std::size_t i = 0; i < json_array_size(array.get()); ++i)
        if (const char *group = json_string_value(json_array_get(array.get(), i)))
            groups.emplace_back(group);
    return groups;
}

StoredRequest read_row(const Use &row)
{
    StoredRequest made;
    made.id = row.text_at(0);
    made.role = row.text_at(1);
    made.user = row.text_at(2);
    made.uid = static_cast<std::uint32_t>(row.number_at(3));
    made.oid = row.text_at(4);
    made.groups = decode_groups(row.text_at(5));
    made.state = ipc::parse_state(row.text_at(6)).value_or(ipc::State::ended);
    made.asked_helper = row.number_at(7) != 0;
    made.host = row.text_at(8);
    made.service = row.text_at(9);
    made.tty = row.text_at(10);
    made.reason = row.text_at(11);
    made.approver_oid = row.text_at(12);
    made.began = wall_at(row, 13);
    made.deadline = wall_at(row, 14);
    if (!row.is_null_at(15))
        made.since = wall_at(row, 15);
    if (!row.is_null_at(16))
        made.until = wall_at(row, 16);
    if (!row.is_null_at(17))
        made.until_boot = BootTime{std::chrono::microseconds{row.number_at(17)}};
    made.boot_id = row.text_at(18);
    made.cause = row.text_at(19);
    made.is_used = row.number_at(20) != 0;
    if (const std::string text = row.text_at(21); !text.empty())
        made.made = decode_groups(text);
    made.is_of_login = row.number_at(22) != 0;
    made.key = row.text_at(23);
    made.kept = row.text_at(24);
    made.activation = row.text_at(25);
    return made;
}

Result<bool> has_row(sqlite3 *db, Use &use)
{
    const int step = use.step();
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return sqlite_error(db, "the ledger can't be read");
    return step == SQLITE_ROW;
}

} // namespace

Store::Store(sqlite3 *db, std::unique_ptr<Statements> statements)
    : db_(db), statements_(std::move(statements))
{
    // In place of SQLite's own, which has the write that makes the log long take it in.
    (void)sqlite3_wal_hook(db_, &Store::on_log, this);
}

Store::~Store()
{
    statements_.reset();
    sqlite3_close_v2(db_);
}

Result<std::unique_ptr<Store>> Store::open(const std::string &path, std::int64_t max_pages)
{
    sqlite3 *opened = nullptr;
    const int status =
        sqlite3_open_v2(path.c_str(), &opened,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, nullptr);
    Database db{opened};
    if (status != SQLITE_OK)
        return Error{Code::unavailable, "the ledger can't be opened",
                     opened ? sqlite3_system_errno(opened) : 0};
    const auto run = [&](const std::string &sql) {
        return sqlite3_exec(db.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    };
    const auto set_most = [&](std::int64_t pages) {
        return run("PRAGMA max_page_count = " + std::to_string(pages));
    };
    // What is written is a few pages each time; the rest of SQLite's usual 2 MB would be held for
    // good by a crowd that has gone.
    if (!run("PRAGMA cache_size = -64") ||
        !run("PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") ||
        !set_most(max_pages + schema_pages))
        return sqlite_error(db.get(), "the ledger can't be set up");

    const auto prepare = [&](const std::string &sql) {
        sqlite3_stmt *made = nullptr;
        (void)sqlite3_prepare_v3(db.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made,
                                 nullptr);
        return Statement{made};
    };
    int found = 0;
    {
        const Statement version = prepare("PRAGMA user_version");
        if (!version || sqlite3_step(version.get()) != SQLITE_ROW)
            return sqlite_error(db.get(), "the ledger can't be read");
        found = sqlite3_column_int(version.get(), 0);
        if (found < 0 || found > schema_version)
            return Error{Code::bad_input, "the ledger is of a later version of jit"};
    }
    const char *const third = found > 0 && found < 3 ? before_3 : "";
    const char *const fourth = found > 0 && found < 4 ? before_4 : "";
    const char *const fifth = found > 0 && found < 5 ? before_5 : "";
    const char *const sixth = found > 0 && found < 6 ? before_6 : "";
    if (!run(std::string{"BEGIN;"} + third + fourth + fifth + sixth + notice_schema + schema +
             "COMMIT") ||
        !set_most(max_pages))
        return sqlite_error(db.get(), "the ledger's tables can't be made");

    const std::string select = std::string{"SELECT "} + columns + " FROM request ";
    auto statements = std::make_unique<Statements>();
    statements->put = prepare(std::string{"INSERT OR REPLACE INTO request ("} + columns +
                              ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,"
                              "?17,?18,?19,?20,?21,?22,?23,?24,?25,?26)");
    statements->open =
        prepare(select + "WHERE state IN ('pending-signin', 'pending-approval', 'live')");
    statements->served =
        prepare("SELECT 1 FROM request WHERE activation = ?1 AND id <> ?2 LIMIT 1");
    statements->may_have_served =
        prepare("SELECT 1 FROM request WHERE activation = ?1 AND id <> ?2 AND lower(oid) = ?3 "
                "AND coalesce(until, deadline) > ?4 LIMIT 1");
    statements->one = prepare(select + "WHERE id = ?1");
    statements->newest = prepare(select + "ORDER BY began DESC, id LIMIT ?1");
    statements->newest_of_user =
        prepare(select + "WHERE user = ?2 ORDER BY began DESC, id LIMIT ?1");
    statements->head = prepare("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1");
    statements->append = prepare("INSERT INTO audit (event, record, hash) VALUES (?1, ?2, ?3)");
    statements->audit =
        prepare("SELECT seq, record, hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    statements->untold =
        prepare("SELECT event, record, hash, coalesce((SELECT hash FROM told), '') FROM audit "
                "ORDER BY seq DESC LIMIT ?1");
    statements->told = prepare("INSERT OR REPLACE INTO told SELECT 1, hash FROM audit WHERE seq = "
                               "(SELECT max(seq) FROM audit)");
    statements->told_before = prepare("INSERT OR REPLACE INTO told VALUES (1, ?1)");
    statements->pins = prepare("SELECT user, oid, upn, since, confirmed FROM pin ORDER BY user");
    statements->add_pin = prepare("INSERT INTO pin (user, oid, upn, since, confirmed) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5)");
    statements->confirm_pin = prepare("UPDATE pin SET confirmed = 1 WHERE user = ?1");
    statements->remove_pin = prepare("DELETE FROM pin WHERE user = ?1");
    statements->begin = prepare("BEGIN IMMEDIATE");
    statements->commit = prepare("COMMIT");
    statements->rollback = prepare("ROLLBACK");
    for (const Statement *made :
         {&statements->put,         &statements->open,           &statements->one,
          &statements->newest,      &statements->newest_of_user, &statements->head,
          &statements->append,      &statements->untold,         &statements->told,
          &statements->told_before, &statements->begin,          &statements->commit,
          &statements->rollback,    &statements->audit,          &statements->pins,
          &statements->add_pin,     &statements->confirm_pin,    &statements->remove_pin,
          &statements->served,      &statements->may_have_served})
        if (!*made)
            return sqlite_error(db.get(), "the ledger's tables are not as expected");
    if (!prepare_notices(db.get(), *statements))
        return sqlite_error(db.get(), "the ledger's tables are not as expected");
    return std::unique_ptr<Store>{new Store(db.release(), std::move(statements))};
}

bool Store::put_row(const StoredRequest &request)
{
    Use use{statements_->put};
    use.text(1, request.id);
    use.text(2, request.role);
    use.text(3, request.user);
    use.number(4, request.uid);
    use.text(5, request.oid);
    use.text(6, encode_groups(request.groups));
    use.text(7, ipc::name_of(request.state));
    use.number(8, request.asked_helper ? 1 : 0);
    use.text(9, request.host);
    use.text(10, request.service);
    use.text(11, request.tty);
    use.text(12, request.reason);
    use.text(13, request.approver_oid);
    use.number(14, request.began.time_since_epoch().count());
    use.number(15, request.deadline.time_since_epoch().count());
    if (request.since)
        use.number(16, request.since->time_since_epoch().count());
    if (request.until)
        use.number(17, request.until->time_since_epoch().count());
    if (request.until_boot)
        use.number(18, request.until_boot->time_since_epoch().count());
    use.text(19, request.boot_id);
    use.text(20, request.cause);
    use.number(21, request.is_used ? 1 : 0);
    use.text(22, request.made ? encode_groups(*request.made) : "");
    use.number(23, request.is_of_login ? 1 : 0);
    use.text(24, request.key);
    use.text(25, request.kept);
    use.text(26, request.activation);
    return use.step() == SQLITE_DONE;
}

Result<void> Store::put(const StoredRequest &request)
{
    return transact([&]() -> Result<void> {
        if (!put_row(request))
            return write_error(db_);
        return {};
    });
}

Result<std::vector<StoredRequest>> Store::read_open()
{
    std::vector<StoredRequest> found;
    Use use{statements_->open};
    int status = 0;
    while ((status = use.step()) == SQLITE_ROW)
        found.push_back(read_row(use));
    if (status != SQLITE_DONE)
        return sqlite_error(db_, "the ledger can't be read");
    return found;
}

Result<StoredRequest> Store::read(std::string_view id)
{
    Use use{statements_->one};
    use.text(1, id);
    const int status = use.step();
    if (status == SQLITE_DONE)
        return Error{Code::not_found, "no such request"};
    if (status != SQLITE_ROW)
        return sqlite_error(db_, "the ledger can't be read");
    return read_row(use);
}

Result<bool> Store::has_served(std::string_view activation, std::string_view but)
{
    Use use{statements_->served};
    use.text(1, activation);
    use.text(2, but);
    return has_row(db_, use);
}

Result<bool> Store::may_have_served(std::string_view unnamed, std::string_view oid, WallTime began,
                                    std::string_view but)
{
    Use use{statements_->may_have_served};
    use.text(1, unnamed);
    use.text(2, but);
    use.text(3, oid);
    use.number(4, began.time_since_epoch().count());
    return has_row(db_, use);
}

Result<std::vector<StoredRequest>> Store::read_newest(std::string_view user, std::size_t most)
{
    std::vector<StoredRequest> found;
    Use use{user.empty() ? statements_->newest : statements_->newest_of_user};
    use.number(1, static_cast<std::int64_t>(most));
    if (!user.empty())
        use.text(2, user);
    int status = 0;
    while ((status = use.step()) == SQLITE_ROW)
        found.push_back(read_row(use));
    if (status != SQLITE_DONE)
        return sqlite_error(db_, "the ledger can't be read");
    return found;
}

} // namespace jit::daemon
