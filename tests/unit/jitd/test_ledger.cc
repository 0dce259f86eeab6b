// The ledger, the audit's records and the table of live grants.
#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>

#include <sqlite3.h>
#include <sys/stat.h>

#include "jitd/audit_record.h"
#include "jitd/grant_table.h"
#include "jitd/grants.h"
#include "jitd/store.h"
#include "lib/base/handle.h"
#include "lib/ipc/message.h"
#include "lib/sys/digest.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::daemon;
using std::chrono::seconds;
using sys::test::Folder;

namespace {

using Database = Handle<sqlite3, &sqlite3_close>;

StoredRequest make_request(std::string id, std::string user, long began)
{
    StoredRequest made;
    made.id = std::move(id);
    made.role = "web";
    made.user = std::move(user);
    made.uid = 4'000'000'000U;
    made.oid = "oid";
    made.groups = {"jit-web", "jit-log"};
    made.began = WallTime{seconds{began}};
    made.deadline = WallTime{seconds{began + 900}};
    return made;
}

struct Row {
    std::string text, hash;
};
std::vector<Row> read_audit(const std::string &path)
{
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(path.c_str(), &opened), SQLITE_OK);
    const Database db{opened};
    std::vector<Row> rows;
    (void)sqlite3_exec(
        db.get(), "SELECT record, hash FROM audit ORDER BY seq",
        [](void *into, int, char **columns, char **) {
            static_cast<std::vector<Row> *>(into)->push_back({columns[0], columns[1]});
            return 0;
        },
        &rows, nullptr);
    return rows;
}

void execute(const std::string &path, const char *sql)
{
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(path.c_str(), &opened), SQLITE_OK);
    const Database db{opened};
    assert_int_equal(sqlite3_exec(db.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
}

void a_request_is_read_back_as_it_was_put(void **)
{
    const Folder folder;
    auto store = *Store::open(folder.path + "/jit.db", 1000);
    StoredRequest put = make_request("0000000000000001", "alice", 100);
    assert_true(store->put(put).has_value());
    auto read = *store->read(put.id);
    assert_false(read.since || read.until || read.until_boot);
    assert_true(read.uid == 4'000'000'000U);
    put.state = ipc::State::live;
    put.asked_helper = true;
    put.reason = "INC-1 '; DROP TABLE request; --\nx";
    put.service = "sudo";
    put.tty = "pts/3";
    put.host = "web01";
    put.approver_oid = "approver";
    put.since = WallTime{seconds{101}};
    put.until = WallTime{seconds{5'000'000'000}};
    put.until_boot = BootTime{std::chrono::microseconds{123'456'789'012}};
    put.boot_id = "boot";
    put.cause = "cause";
    assert_false(read.is_used);
    put.is_used = true;
    assert_true(store->put(put).has_value());
    read = *store->read(put.id);
    assert_true(read.state == ipc::State::live && read.asked_helper);
    assert_true(read.groups == put.groups);
    assert_true(read.since == put.since && read.until == put.until);
    assert_true(read.until_boot == put.until_boot);
    assert_text(read.reason, put.reason);
    assert_text(read.boot_id, "boot");
    assert_text(read.cause, "cause");
    assert_text(read.approver_oid, "approver");
    assert_true(read.is_used);
    assert_true(store->read("0000000000000002").error().code == Code::not_found);
}

void only_what_is_pending_or_live_is_open(void **)
{
    const Folder folder;
    auto store = *Store::open(folder.path + "/jit.db", 1000);
    const ipc::State states[] = {ipc::State::pending_signin, ipc::State::pending_approval,
                                 ipc::State::live,           ipc::State::ended,
                                 ipc::State::denied,         ipc::State::cancelled,
                                 ipc::State::timed_out};
    for (std::size_t i = 0; i < std::size(states); ++i) {
        StoredRequest one = make_request("000000000000000" + std::to_string(i), "alice", 100);
        one.state = states[i];
        assert_true(store->put(one).has_value());
    }
    const auto open = *store->read_open();
    assert_int_equal(open.size(), 3);
    for (const StoredRequest &one : open)
        assert_true(one.id < "0000000000000003");
}

void the_newest_come_first_and_of_one_user_only(void **)
{
    const Folder folder;
    auto store = *Store::open(folder.path + "/jit.db", 1000);
    for (int i = 0; i < 9; ++i)
        assert_true(store
                        ->put(make_request("000000000000000" + std::to_string(i),
                                           i % 3 == 0 ? "bob" : "alice", 100 + i))
                        .has_value());
    const auto all = *store->read_newest("", 4);
    assert_int_equal(all.size(), 4);
    assert_text(all[0].id, "0000000000000008");
    assert_text(all[3].id, "0000000000000005");
    const auto bobs = *store->read_newest("bob", 100);
    assert_int_equal(bobs.size(), 3);
    assert_text(bobs[0].id, "0000000000000006");
    assert_int_equal(store->read_newest("bo", 100)->size(), 0);
}

void the_chain_is_sha256_over_the_text_and_outlives_a_restart(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    std::string head;
    for (int run = 0; run < 3; ++run) {
        auto store = *Store::open(path, 1000);
        for (int i = 0; i < 3; ++i)
            head =
                *store->append_audit("used", "record " + std::to_string(run) + std::to_string(i));
        (void)store->put(make_request("0000000000000001", "alice", 100));
    }
    const auto rows = read_audit(path);
    assert_int_equal(rows.size(), 9);
    std::string before(64, '0');
    for (const Row &row : rows) {
        assert_text(row.hash, *sys::sha256_hex(before + "\n" + row.text));
        before = row.hash;
    }
    assert_text(before, head);
    assert_text(rows[4].text, "record 11");
}

void a_record_put_in_or_taken_out_breaks_the_chain(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    {
        auto store = *Store::open(path, 1000);
        for (int i = 0; i < 4; ++i)
            (void)store->append_audit("used", std::to_string(i));
    }
    execute(path, "DELETE FROM audit WHERE seq = 2");
    const auto rows = read_audit(path);
    assert_int_equal(rows.size(), 3);
    assert_string_not_equal(rows[1].hash.c_str(),
                            sys::sha256_hex(rows[0].hash + "\n" + rows[1].text)->c_str());
}

// The tables as version 1 made them.
constexpr const char *version_1 = R"(
PRAGMA journal_mode = WAL;
CREATE TABLE request (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL,
  oid TEXT NOT NULL, groups TEXT NOT NULL, state TEXT NOT NULL, asked_helper INTEGER NOT NULL,
  host TEXT NOT NULL, service TEXT NOT NULL, tty TEXT NOT NULL, reason TEXT NOT NULL,
  approver_oid TEXT NOT NULL, began INTEGER NOT NULL, deadline INTEGER NOT NULL,
  since INTEGER, until INTEGER, until_boot INTEGER, boot_id TEXT NOT NULL, cause TEXT NOT NULL
) STRICT;
CREATE INDEX request_by_time ON request (began DESC);
CREATE INDEX request_by_user ON request (user, began DESC);
CREATE INDEX request_open ON request (state)
  WHERE state IN ('pending-signin', 'pending-approval', 'live');
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, record TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE told (one INTEGER PRIMARY KEY CHECK (one = 1), hash TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
INSERT INTO request VALUES ('0000000000000001', 'web', 'alice', 1000, 'oid', '["jit-web"]', 'live',
  1, 'web01', 'sudo', 'pts/1', 'why', 'approver', 100, 1000, 101, 3701, 5000000, 'boot', '');
)";

int read_number(const std::string &path, const char *sql)
{
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(path.c_str(), &opened), SQLITE_OK);
    const Database db{opened};
    int number = -1;
    assert_int_equal(sqlite3_exec(
                         db.get(), sql,
                         [](void *into, int, char **columns, char **) {
                             *static_cast<int *>(into) = std::atoi(columns[0]);
                             return 0;
                         },
                         &number, nullptr),
                     SQLITE_OK);
    return number;
}

void a_ledger_of_version_1_becomes_this_one_and_keeps_all_it_has(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    execute(path, version_1);
    const std::string first = *sys::sha256_hex(std::string(64, '0') + "\nrecord 1");
    execute(path, ("INSERT INTO audit (event, record, hash) VALUES ('granted', 'record 1', '" +
                   first + "'); INSERT INTO told VALUES (1, '" + first + "')")
                      .c_str());
    for (int run = 0; run < 2; ++run) {
        auto store = *Store::open(path, 1000);
        assert_int_equal(read_number(path, "PRAGMA user_version"), 6);
        const auto open = *store->read_open();
        assert_int_equal(open.size(), 1);
        assert_text(open[0].id, "0000000000000001");
        assert_text(open[0].reason, "why");
        assert_true(open[0].groups == std::vector<std::string>{"jit-web"});
        assert_true(open[0].until == WallTime{seconds{3701}});
        assert_false(open[0].is_used);
        assert_false(open[0].made.has_value()); // all were files of the user database
        if (run == 0) {
            assert_true(store->read_untold()->empty());
            assert_true(store->read_pins()->empty());
            assert_true(store->add_pin({"alice", "oid", "a@b.c", {}, false}).has_value());
            assert_text(*store->append_audit("used", "record 2"),
                        *sys::sha256_hex(first + "\nrecord 2"));
        }
        assert_int_equal(store->read_pins()->size(), 1);
    }
    assert_int_equal(read_audit(path).size(), 2);
    assert_int_equal(read_number(path, "SELECT seq FROM audit WHERE record = 'record 2'"), 2);
}

// What version 2 added to it.
constexpr const char *version_2 = R"(
CREATE TABLE pin (
  user TEXT PRIMARY KEY, oid TEXT NOT NULL, upn TEXT NOT NULL, since INTEGER NOT NULL,
  confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1))
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
INSERT INTO pin VALUES ('alice', 'oid', 'a@b.c', 100, 1);
)";

void a_ledger_of_version_2_becomes_this_one_and_keeps_all_it_has(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    execute(path, version_1);
    execute(path, version_2);
    for (int run = 0; run < 3; ++run) {
        auto store = *Store::open(path, 1000);
        assert_int_equal(read_number(path, "PRAGMA user_version"), 6);
        auto open = *store->read_open();
        assert_int_equal(open.size(), 1);
        assert_text(open[0].reason, "why");
        assert_text(open[0].boot_id, "boot");
        const auto pins = *store->read_pins();
        assert_int_equal(pins.size(), 1);
        assert_true(pins[0].user == "alice" && pins[0].confirmed);
        // A use that is noted is kept as well.
        assert_true(open[0].is_used == (run > 0));
        open[0].is_used = true;
        assert_true(store->put(open[0]).has_value());
    }
    assert_int_equal(read_number(path, "SELECT count(*) FROM request WHERE used = 1"), 1);
}

// What version 3 added to it.
constexpr const char *version_3 = R"(
ALTER TABLE request ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 3;
UPDATE request SET used = 1;
)";

void a_ledger_of_version_3_becomes_this_one_and_keeps_all_it_has(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    for (const char *version : {version_1, version_2, version_3})
        execute(path, version);
    for (int run = 0; run < 2; ++run) {
        auto store = *Store::open(path, 1000);
        assert_int_equal(read_number(path, "PRAGMA user_version"), 6);
        const auto open = *store->read_open();
        assert_int_equal(open.size(), 1);
        assert_true(open[0].is_used && !open[0].made);
        assert_true((*store->read_pins())[0].confirmed);
    }
}

// What version 4 added to it.
constexpr const char *version_4 = R"(
ALTER TABLE request ADD COLUMN made TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 4;
UPDATE request SET made = '["jit-web"]';
)";

void a_ledger_of_version_4_becomes_this_one_and_keeps_all_it_has(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    for (const char *version : {version_1, version_2, version_3, version_4})
        execute(path, version);
    const std::string key(64, 'a');
    for (int run = 0; run < 2; ++run) {
        auto store = *Store::open(path, 1000);
        assert_int_equal(read_number(path, "PRAGMA user_version"), 6);
        auto open = *store->read_open();
        assert_int_equal(open.size(), 1);
        assert_true(open[0].made == std::vector<std::string>{"jit-web"});
        // Whose login it is of, and by which key, is kept as well.
        assert_true(open[0].is_of_login == (run > 0));
        assert_text(open[0].key, run > 0 ? key : "");
        open[0].is_of_login = true;
        open[0].key = key;
        assert_true(store->put(open[0]).has_value());
    }
}

void groups_made_in_the_group_file_are_kept_and_none_is_not_absent(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    execute(path, version_1);
    for (const std::vector<std::string> &made :
         {std::vector<std::string>{}, {"jit-web"}, {"jit-web", "jit-dba"}}) {
        auto store = *Store::open(path, 1000);
        auto request = (*store->read_open())[0];
        request.made = made;
        assert_true(store->put(request).has_value());
        assert_true(store->read(request.id)->made == made);
        assert_true(daemon::make_grant(request).made == made);
    }
}

void the_audit_is_read_on_from_a_number(void **)
{
    const Folder folder;
    auto store = *Store::open(folder.path + "/jit.db", 1000);
    assert_true(store->read_audit(0, 10)->empty());
    std::vector<std::string> hashes;
    for (int i = 1; i <= 5; ++i)
        hashes.push_back(*store->append_audit("used", "record " + std::to_string(i)));
    const auto first = *store->read_audit(0, 2);
    assert_int_equal(first.size(), 2);
    assert_int_equal(first[0].seq, 1);
    assert_text(first[0].text, "record 1");
    assert_text(first[1].hash, hashes[1]);
    const auto rest = *store->read_audit(first[1].seq, 10);
    assert_int_equal(rest.size(), 3);
    assert_text(rest[0].text, "record 3");
    assert_text(rest[2].hash, hashes[4]);
    assert_true(store->read_audit(5, 10)->empty());
    assert_true(store->read_audit(INT64_MAX, 10)->empty());
    assert_true(store->read_audit(0, 0)->empty());
}

void a_full_ledger_of_version_1_can_still_be_read(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    execute(path, version_1);
    execute(path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
                  "INSERT INTO audit (event, record, hash) "
                  "SELECT 'used', hex(zeroblob(2000)), 'x' FROM n");
    const int pages = read_number(path, "PRAGMA page_count");
    assert_int_equal(read_number(path, "PRAGMA freelist_count"), 0);
    auto store = *Store::open(path, pages);
    assert_int_equal(store->read_open()->size(), 1);
    assert_true(store->read_pins()->empty());
    const std::string text(40'000, 'x');
    assert_false(store->append_audit("used", text).has_value());
    assert_true(read_number(path, "PRAGMA page_count") <= pages + 16);
}

void a_ledger_of_another_version_or_kind_is_not_touched(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    for (const char *version : {"7", "7", "1000000", "-1"}) {
        execute(path, (std::string{"PRAGMA user_version = "} + version).c_str());
        const auto other = Store::open(path, 1000);
        assert_false(other.has_value());
        assert_true(other.error().code == Code::bad_input);
        assert_int_equal(read_number(path, "SELECT count(*) FROM sqlite_schema"), 0);
    }
    folder.put("text.db", std::string(8192, 'x'));
    assert_false(Store::open(folder.path + "/text.db", 1000).has_value());
    assert_false(Store::open(folder.path, 1000).has_value());
    assert_false(Store::open(folder.path + "/none/jit.db", 1000).has_value());
    folder.put("real.db", "");
    assert_int_equal(symlink("real.db", (folder.path + "/link.db").c_str()), 0);
    assert_false(Store::open(folder.path + "/link.db", 1000).has_value());
}

void a_full_ledger_says_so_and_keeps_its_chain(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    auto store = *Store::open(path, 24);
    const std::string text(4000, 'x');
    std::size_t written = 0;
    while (written < 1000 && store->append_audit("used", text))
        ++written;
    assert_true(written > 0 && written < 100);
    const auto refused = store->append_audit("used", text);
    assert_false(refused.has_value());
    assert_text(refused.error().what, "the ledger can't be written, since it or its disk is full");
    const auto rows = read_audit(path);
    assert_int_equal(rows.size(), written);
    assert_text(rows.back().hash,
                *sys::sha256_hex(rows[rows.size() - 2].hash + "\n" + rows.back().text));
}

void a_record_cannot_be_forged_from_within_a_field(void **)
{
    AuditRecord record;
    record.event = Event::refused;
    record.user = "alice";
    record.reason = "x\nJIT_EVENT=granted";
    record.command = "sh\",\"event\":\"granted\x1B[2J\xE2\x80\xAE\xFF";
    record.rhost = std::string(5000, 'h');
    record.message = "line\nline";
    const std::string text = encode_record(record, WallTime{seconds{0}});
    assert_true(text.find('\n') == std::string::npos);
    const auto read = ipc::decode_object(text);
    assert_true(read.has_value());
    assert_text(json_string_value(json_object_get(read->get(), "event")), "refused");
    assert_text(json_string_value(json_object_get(read->get(), "reason")), "x?JIT_EVENT=granted");
    assert_text(json_string_value(json_object_get(read->get(), "message")), "line?line");
    for (const JournalField &field : journal_fields(record)) {
        assert_true(field.value.find_first_of("\n\x1B") == std::string::npos);
        assert_true(field.value.size() <= 512);
    }
    record.command = std::string(5000, 'c');
    for (const JournalField &field : journal_fields(record))
        if (field.name == "JIT_COMMAND")
            assert_int_equal(field.value.size(), 256);
}

void every_record_has_event_and_user_and_no_empty_field(void **)
{
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(Event::provider_error); ++i) {
        AuditRecord record;
        record.event = static_cast<Event>(i);
        const auto fields = journal_fields(record);
        assert_int_equal(fields.size(), 2);
        assert_text(fields[0].name, "JIT_EVENT");
        assert_text(fields[0].value, name_of(record.event));
        assert_text(fields[1].name, "JIT_USER");
        assert_text(fields[1].value, "-");
        assert_int_equal(std::string_view{message_id_of(record.event)}.size(), 32);
        for (const std::string &other : names) {
            assert_true(other != name_of(record.event));
            assert_true(other != message_id_of(record.event));
        }
        names.emplace_back(name_of(record.event));
        names.emplace_back(message_id_of(record.event));
    }
}

void from_granting_on_a_record_has_grant_and_end(void **)
{
    AuditRecord record;
    record.event = Event::granted;
    record.user = "alice";
    record.uid = 0;
    record.request = "0123456789abcdef";
    record.until = WallTime{seconds{0}};
    assert_text(encode_record(record, WallTime{seconds{1}}),
                R"({"time":"1970-01-01T00:00:01Z","event":"granted","request":"0123456789abcdef",)"
                R"("user":"alice","uid":"0","until":"1970-01-01T00:00:00Z","message":""})");
    record.has_grant = true;
    assert_true(encode_record(record, WallTime{}).find(R"("grant":"0123456789abcdef")") !=
                std::string::npos);
}

Grant make_grant(std::string id, std::string user, int until)
{
    Grant grant;
    grant.id = std::move(id);
    grant.role = "web";
    grant.user = std::move(user);
    grant.groups = {"jit-web"};
    grant.until = WallTime{seconds{until}};
    grant.until_boot = BootTime{seconds{until}};
    return grant;
}

void the_table_gives_a_users_grants_the_last_end_first(void **)
{
    GrantTable table;
    assert_false(table.next_end().has_value());
    table.add(make_grant("1", "alice", 10));
    table.add(make_grant("2", "alice", 30));
    table.add(make_grant("3", "bob", 5));
    const auto hers = table.of_user("alice");
    assert_int_equal(hers.size(), 2);
    assert_text(hers[0]->id, "2");
    assert_true(table.of_user("alic").empty() && table.of_user("").empty());
    assert_true(table.next_end() == BootTime{seconds{5}});
    assert_text(table.take("3")->user, "bob");
    assert_false(table.take("3").has_value());
    assert_null(table.find("3"));
    assert_true(table.next_end() == BootTime{seconds{10}});
    assert_int_equal(table.size(), 2);
}

void an_id_is_in_the_table_once(void **)
{
    GrantTable table;
    table.add(make_grant("1", "alice", 10));
    table.add(make_grant("1", "alice", 20));
    assert_int_equal(table.of_user("alice").size(), 1);
    table.add(make_grant("1", "bob", 20));
    assert_true(table.of_user("alice").empty());
    assert_true(table.take("1").has_value());
    assert_true(table.of_user("bob").empty());
}

void a_grant_ends_at_its_second_by_either_clock(void **)
{
    const Grant grant = make_grant("1", "alice", 10);
    const auto there = [](std::string_view, std::string_view) { return true; };
    const auto gone = [](std::string_view, std::string_view) { return false; };
    const Now before{WallTime{seconds{9}}, BootTime{seconds{10} - std::chrono::microseconds{1}}};
    assert_true(is_live(grant, before, there));
    assert_false(is_live(grant, before, gone));
    assert_false(is_live(grant, {WallTime{seconds{10}}, before.boot}, there));
    assert_false(is_live(grant, {before.wall, BootTime{seconds{10}}}, there));
    assert_true(is_due(grant, {WallTime{seconds{-5}}, BootTime{seconds{11}}}));
}

void a_grant_is_looked_for_where_it_was_made_and_nowhere_else(void **)
{
    Grant grant = make_grant("1", "alice", 10);
    grant.groups = {"jit-web", "jit-dba"};
    const auto there = [](std::string_view, std::string_view) { return true; };
    const auto gone = [](std::string_view, std::string_view) { return false; };
    const auto dba = [](std::string_view user, std::string_view group) {
        return user == "alice" && group == "jit-dba";
    };
    const Now now{WallTime{seconds{1}}, BootTime{seconds{1}}};
    assert_true(is_live(grant, now, {there, gone}));
    assert_false(is_live(grant, now, {gone, there}));
    assert_false(is_live(grant, now, {dba, there}));
    assert_true(HasMembership(dba, gone).any(grant));
    grant.made = {"jit-dba"}; // he is in the other by right, wherever that stands
    assert_true(is_live(grant, now, {gone, dba}));
    assert_false(is_live(grant, now, {there, gone}));
    assert_false(HasMembership(there, gone).any(grant));
    grant.made = std::vector<std::string>{};
    assert_true(is_live(grant, now, {gone, gone}));
    assert_false(HasMembership(there, there).any(grant)); // nothing of jit's is left to remove
    GrantTable table;
    assert_false(table.has_any_in_group_file());
    table.add(grant);
    assert_true(table.has_any_in_group_file());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_back_as_it_was_put),
        cmocka_unit_test(only_what_is_pending_or_live_is_open),
        cmocka_unit_test(the_newest_come_first_and_of_one_user_only),
        cmocka_unit_test(the_chain_is_sha256_over_the_text_and_outlives_a_restart),
        cmocka_unit_test(a_record_put_in_or_taken_out_breaks_the_chain),
        cmocka_unit_test(a_ledger_of_version_1_becomes_this_one_and_keeps_all_it_has),
        cmocka_unit_test(a_ledger_of_version_2_becomes_this_one_and_keeps_all_it_has),
        cmocka_unit_test(a_ledger_of_version_3_becomes_this_one_and_keeps_all_it_has),
        cmocka_unit_test(a_ledger_of_version_4_becomes_this_one_and_keeps_all_it_has),
        cmocka_unit_test(groups_made_in_the_group_file_are_kept_and_none_is_not_absent),
        cmocka_unit_test(a_grant_is_looked_for_where_it_was_made_and_nowhere_else),
        cmocka_unit_test(the_audit_is_read_on_from_a_number),
        cmocka_unit_test(a_full_ledger_of_version_1_can_still_be_read),
        cmocka_unit_test(a_ledger_of_another_version_or_kind_is_not_touched),
        cmocka_unit_test(a_full_ledger_says_so_and_keeps_its_chain),
        cmocka_unit_test(a_record_cannot_be_forged_from_within_a_field),
        cmocka_unit_test(every_record_has_event_and_user_and_no_empty_field),
        cmocka_unit_test(from_granting_on_a_record_has_grant_and_end),
        cmocka_unit_test(the_table_gives_a_users_grants_the_last_end_first),
        cmocka_unit_test(an_id_is_in_the_table_once),
        cmocka_unit_test(a_grant_ends_at_its_second_by_either_clock),
    };
    return cmocka_run_group_tests_name("jitd/ledger", tests, nullptr, nullptr);
}
