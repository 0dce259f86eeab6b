// The ledger's log, which is taken into the tables when nobody waits.
#include "tests/unit/cmocka_cpp.h"

#include <sqlite3.h>

#include "jitd/limits.h"
#include "jitd/log_tidying.h"
#include "lib/base/handle.h"
#include "tests/unit/jitd/counted_waits.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

using Database = Handle<sqlite3, &sqlite3_close>;

struct Ledger {
    void open() { store = *Store::open(path, 100'000); }

    DiskFolder folder;
    std::string path = folder.path + "/jit.db";
    std::unique_ptr<Store> store = *Store::open(path, 100'000);
};

std::uintmax_t log_pages(const Ledger &ledger)
{
    return std::filesystem::file_size(ledger.path + "-wal") / 4096;
}

// Pages of the log that are not in the tables yet; nothing is taken in by looking.
int pages_to_take_in(const Ledger &ledger)
{
    int pages = -1;
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(ledger.path.c_str(), &opened), SQLITE_OK);
    const Database db{opened};
    (void)sqlite3_wal_hook(
        opened,
        [](void *into, sqlite3 *, const char *, int found) {
            *static_cast<int *>(into) = found;
            return SQLITE_OK;
        },
        &pages);
    assert_int_equal(sqlite3_exec(opened, "PRAGMA user_version = 6", nullptr, nullptr, nullptr),
                     SQLITE_OK);
    return pages;
}

void fill(Ledger &ledger, int pages)
{
    const std::string text(40'000, 'x');
    for (int i = 0; i < pages / 10; ++i)
        assert_true(ledger.store->append_audit("used", text).has_value());
}

void run(sd_event *loop, std::chrono::milliseconds length)
{
    for (const BootTime until = boot_time() + length; boot_time() < until;)
        (void)sd_event_run(loop, 1000);
}

void a_long_log_is_taken_in_when_nobody_waits(void **)
{
    const sys::Loop loop = *sys::make_loop();
    Ledger ledger;
    Audit audit{*ledger.store};
    bool is_busy = true;
    const auto tidying =
        *LogTidying::make(loop.get(), *ledger.store, audit, [&] { return is_busy; });
    fill(ledger, limits::log_pages / 2);
    run(loop.get(), 300ms);
    assert_true(pages_to_take_in(ledger) > limits::log_pages / 2);
    assert_false(ledger.store->read_untold()->empty()); // nothing has come to pass
    fill(ledger, limits::log_pages);
    assert_true(pages_to_take_in(ledger) > limits::log_pages);
    run(loop.get(), 400ms);
    assert_true(pages_to_take_in(ledger) > limits::log_pages); // somebody waits
    is_busy = false;
    waits.count = 0;
    run(loop.get(), 300ms);
    assert_true(waits.count > 0);
    assert_true(pages_to_take_in(ledger) < 20);
    assert_true(ledger.store->read_untold()->empty());
    // The next write waits once: the log's new head is there.
    waits.count = 0;
    assert_true(ledger.store->append_audit("used", "next").has_value());
    assert_int_equal(waits.count, 1);
    // And nothing wakes us then.
    run(loop.get(), 300ms);
    assert_int_equal(waits.count, 1);
}

void no_write_takes_the_log_in_until_it_is_too_long(void **)
{
    const sys::Loop loop = *sys::make_loop();
    Ledger ledger;
    Audit audit{*ledger.store};
    const auto tidying = *LogTidying::make(loop.get(), *ledger.store, audit, [] { return true; });
    fill(ledger, limits::log_pages_most / 2);
    waits.count = 0;
    fill(ledger, limits::log_pages_most / 4);
    assert_int_equal(waits.count, limits::log_pages_most / 4 / 10); // one each
    fill(ledger, 3 * limits::log_pages_most);
    assert_true(log_pages(ledger) < limits::log_pages_most + 100U);
}

void a_reader_keeps_the_log_long_and_nobody_awake(void **)
{
    const sys::Loop loop = *sys::make_loop();
    Ledger ledger;
    Audit audit{*ledger.store};
    const auto tidying = *LogTidying::make(loop.get(), *ledger.store, audit, [] { return false; });
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(ledger.path.c_str(), &opened), SQLITE_OK);
    Database reader{opened};
    assert_int_equal(
        sqlite3_exec(opened, "BEGIN; SELECT count(*) FROM audit", nullptr, nullptr, nullptr),
        SQLITE_OK);
    fill(ledger, limits::log_pages + 100);
    run(loop.get(), 300ms);
    disk.writes = 0;
    run(loop.get(), 500ms);
    assert_int_equal(disk.writes, 0);
    reader.reset();
    assert_true(ledger.store->append_audit("used", "next").has_value());
    run(loop.get(), 300ms);
    assert_true(pages_to_take_in(ledger) < 20);
}

void at_an_orderly_end_there_is_no_log(void **)
{
    const sys::Loop loop = *sys::make_loop();
    Ledger ledger;
    Audit audit{*ledger.store};
    auto tidying = *LogTidying::make(loop.get(), *ledger.store, audit, [] { return true; });
    fill(ledger, limits::log_pages + 100);
    tidying.reset();
    fill(ledger, 100); // nobody is to be called: as SQLite does
    ledger.store.reset();
    assert_false(std::filesystem::exists(ledger.path + "-wal"));
    ledger.open();
    assert_true(ledger.store->read_audit(0, 1000)->size() > 100);
}

} // namespace

int main()
{
    stand_between();
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_long_log_is_taken_in_when_nobody_waits),
        cmocka_unit_test(no_write_takes_the_log_in_until_it_is_too_long),
        cmocka_unit_test(a_reader_keeps_the_log_long_and_nobody_awake),
        cmocka_unit_test(at_an_orderly_end_there_is_no_log),
    };
    return cmocka_run_group_tests_name("jitd/ledger_log", tests, nullptr, nullptr);
}
