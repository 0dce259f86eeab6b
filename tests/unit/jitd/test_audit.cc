#include "tests/unit/cmocka_cpp.h"

#include <filesystem>
#include <memory>

#include <sqlite3.h>

#include "jitd/audit.h"
#include "jitd/limits.h"

using namespace jit;
using namespace jit::daemon;
using std::chrono::seconds;

namespace {

struct World {
    World()
    {
        char name[] = "/tmp/jit-audit-test-XXXXXX";
        folder = mkdtemp(name);
        store = *Store::open(path(), limits::ledger_pages);
        audit = std::make_unique<Audit>(*store);
    }
    ~World()
    {
        audit.reset();
        store.reset();
        std::filesystem::remove_all(folder);
    }
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    std::string path() const { return folder + "/jit.db"; }
    int count(const std::string &where) const
    {
        sqlite3 *db = nullptr;
        assert_int_equal(sqlite3_open(path().c_str(), &db), SQLITE_OK);
        sqlite3_stmt *statement = nullptr;
        const std::string sql = "SELECT count(*) FROM audit WHERE " + where;
        assert_int_equal(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        const int found = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return found;
    }
    void write(Event event, const char *user, BootTime at, unsigned times, bool is_unproven = false)
    {
        AuditRecord record;
        record.event = event;
        record.user = user;
        record.message = "said";
        for (unsigned i = 0; i < times; ++i)
            audit->write_limited(record, at, is_unproven);
    }

    std::string folder;
    std::unique_ptr<Store> store;
    std::unique_ptr<Audit> audit;
};

constexpr BootTime start{seconds{1000}};

void strangers_share_one_count_and_leave_hers_to_whom_they_name(void **)
{
    World world;
    world.write(Event::refused, "alice", start, limits::refusals_a_minute + 7, true);
    world.write(Event::refused, "bob", start, 9, true);
    assert_int_equal(world.count("event = 'refused'"), limits::refusals_a_minute);
    world.write(Event::refused, "alice", start, 3);
    assert_int_equal(world.count("event = 'refused'"), limits::refusals_a_minute + 3);
    world.write(Event::refused, "carol", start + seconds{61}, 1);
    assert_int_equal(world.count("record LIKE '%16 more records%'"), 1);
}

void a_flood_of_refusals_writes_so_many_and_then_how_many_more(void **)
{
    World world;
    world.write(Event::refused, "bob", start, limits::refusals_a_minute + 7);
    assert_int_equal(world.count("event = 'refused'"), limits::refusals_a_minute);
    // Whoever comes next, bob or not: what was left out is said.
    world.write(Event::refused, "carol", start + seconds{61}, 1);
    assert_int_equal(world.count("record LIKE '%7 more records%bob%'"), 1);
    assert_int_equal(world.count("record LIKE '%\"user\":\"carol\"%'"), 1);
}

void one_user_or_event_takes_nothing_from_another(void **)
{
    World world;
    world.write(Event::refused, "bob", start, limits::refusals_a_minute + 1);
    world.write(Event::used, "bob", start, 1);
    world.write(Event::refused, "carol", start, 1);
    assert_int_equal(world.count("event = 'used'"), 1);
    assert_int_equal(world.count("record LIKE '%\"user\":\"carol\"%'"), 1);
}

void uses_are_limited_too(void **)
{
    World world;
    world.write(Event::used, "alice", start, 10 * limits::uses_a_minute);
    assert_int_equal(world.count("event = 'used'"), limits::uses_a_minute);
}

void at_the_daemons_end_nothing_is_left_unsaid(void **)
{
    World world;
    world.write(Event::refused, "bob", start, limits::refusals_a_minute + 3);
    world.audit->say_left_out(start, true);
    assert_int_equal(world.count("record LIKE '%3 more records%'"), 1);
    world.audit->say_left_out(start, true);
    assert_int_equal(world.count("record LIKE '%more records%'"), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(strangers_share_one_count_and_leave_hers_to_whom_they_name),
        cmocka_unit_test(a_flood_of_refusals_writes_so_many_and_then_how_many_more),
        cmocka_unit_test(one_user_or_event_takes_nothing_from_another),
        cmocka_unit_test(uses_are_limited_too),
        cmocka_unit_test(at_the_daemons_end_nothing_is_left_unsaid),
    };
    return cmocka_run_group_tests_name("jitd/audit", tests, nullptr, nullptr);
}
