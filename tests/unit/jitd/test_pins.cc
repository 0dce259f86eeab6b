// Who was found to be whom: kept through restarts, never replaced by another, and root's alone to
// look at and change.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <unistd.h>

#include <sqlite3.h>

#include "jitd/limits.h"
#include "jitd/pins.h"
#include "lib/base/handle.h"
#include "tests/unit/jitd/service.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

using Database = Handle<sqlite3, &sqlite3_close>;

constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000001";
constexpr const char *mallory_oid = "badbad00-0000-4000-8000-000000000003";

Pin make_pin(const std::string &user, const char *oid, bool is_confirmed = false)
{
    return {user, oid, user + "@contoso.com", WallTime{1'773'740'465s}, is_confirmed};
}

Database open_beside(const std::string &path)
{
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(path.c_str(), &opened), SQLITE_OK);
    return Database{opened};
}

void execute(const Database &db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
}

void a_pin_is_as_it_was_put_also_after_a_restart(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    for (int run = 0; run < 3; ++run) {
        const auto store = *Store::open(path, 1000);
        Pins pins{*store};
        assert_false(pins.fault().has_value());
        if (run == 0) {
            assert_null(pins.find("alice"));
            assert_true(pins.put(make_pin("bob", mallory_oid, true)).has_value());
            assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
        }
        const Pin *const pin = pins.find("alice");
        assert_non_null(pin);
        assert_text(pin->user, "alice");
        assert_text(pin->oid, alice_oid);
        assert_text(pin->upn, "alice@contoso.com");
        assert_true(pin->since == WallTime{1'773'740'465s});
        assert_false(pin->confirmed);
        assert_true(pins.find("bob")->confirmed);
        assert_null(pins.find("Alice"));
        assert_null(pins.find("ali"));
        assert_null(pins.find(""));
        const auto all = pins.all();
        assert_int_equal(all.size(), 2);
        assert_text(all[0].user, "alice");
    }
}

void no_later_person_replaces_a_pin_but_after_it_was_cleared(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    {
        const auto store = *Store::open(path, 1000);
        Pins pins{*store};
        assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
        for (const char *oid : {mallory_oid, alice_oid})
            for (const bool is_confirmed : {true, false})
                assert_true(pins.put(make_pin("alice", oid, is_confirmed)).error().code ==
                            Code::denied);
        assert_text(pins.find("alice")->oid, alice_oid);
        assert_false(pins.find("alice")->confirmed);
        // Nor does one who has not heard of it.
        assert_true(store->add_pin(make_pin("alice", mallory_oid)).error().code == Code::denied);
    }
    const auto store = *Store::open(path, 1000);
    Pins pins{*store};
    assert_text(pins.find("alice")->oid, alice_oid);
    assert_true(*pins.clear("alice"));
    assert_null(pins.find("alice"));
    assert_true(pins.put(make_pin("alice", mallory_oid)).has_value());
    assert_text(Pins{*store}.find("alice")->oid, mallory_oid);
}

void confirm_and_clear_say_whether_there_was_a_pin(void **)
{
    const Folder folder;
    const auto store = *Store::open(folder.path + "/jit.db", 1000);
    Pins pins{*store};
    assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
    assert_true(pins.put(make_pin("bob", mallory_oid)).has_value());
    assert_false(*pins.confirm("carol"));
    assert_false(*pins.clear("carol"));
    assert_true(*pins.confirm("alice"));
    assert_true(*pins.confirm("alice"));
    assert_true(pins.find("alice")->confirmed);
    assert_false(pins.find("bob")->confirmed);
    assert_true(Pins{*store}.find("alice")->confirmed);
    assert_true(*pins.clear("alice"));
    assert_false(*pins.clear("alice"));
    assert_false(*pins.confirm("alice"));
    assert_int_equal(Pins{*store}.all().size(), 1);
}

void past_the_cap_nobody_more_is_pinned_and_nobody_is_forgotten(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    (void)*Store::open(path, 1000);
    execute(open_beside(path),
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4095) "
            "INSERT INTO pin SELECT 'u' || i, 'oid', 'u', 0, 0 FROM n");
    const auto store = *Store::open(path, 1000);
    Pins pins{*store};
    assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
    assert_int_equal(pins.all().size(), limits::pins);
    assert_true(pins.put(make_pin("bob", mallory_oid)).error().code == Code::denied);
    assert_null(pins.find("bob"));
    assert_int_equal(Pins{*store}.all().size(), limits::pins);
    assert_true(*pins.clear("u1"));
    assert_true(pins.put(make_pin("bob", mallory_oid)).has_value());
}

void what_can_not_be_written_is_not_so(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    const auto store = *Store::open(path, 1000);
    Pins pins{*store};
    assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
    const Database other = open_beside(path);
    execute(other, "BEGIN IMMEDIATE");
    assert_true(pins.put(make_pin("bob", mallory_oid)).error().code == Code::unavailable);
    assert_true(pins.confirm("alice").error().code == Code::unavailable);
    assert_true(pins.clear("alice").error().code == Code::unavailable);
    assert_null(pins.find("bob"));
    assert_non_null(pins.find("alice"));
    assert_false(pins.find("alice")->confirmed);
    execute(other, "COMMIT");
    assert_true(pins.put(make_pin("bob", mallory_oid)).has_value());
}

void pins_that_can_not_be_read_let_nobody_be_pinned_anew(void **)
{
    const Folder folder;
    const std::string path = folder.path + "/jit.db";
    const auto store = *Store::open(path, 1000);
    {
        Pins pins{*store};
        assert_true(pins.put(make_pin("alice", alice_oid)).has_value());
    }
    execute(open_beside(path), "ALTER TABLE pin RENAME TO lost");
    Pins pins{*store};
    assert_true(pins.fault().has_value());
    assert_null(pins.find("alice"));
    assert_false(pins.put(make_pin("alice", mallory_oid)).has_value());
    assert_false(pins.confirm("alice").has_value());
    assert_false(pins.clear("alice").has_value());
}

// --- over the socket ----------------------------------------------------------------------------

struct PinService : Service {
    ipc::PinsReply list(std::optional<std::string> after = std::nullopt)
    {
        const ipc::Reply reply = ask(ipc::method::pins, ipc::encode_pins_call({std::move(after)}));
        assert_text(reply.error, "");
        return *ipc::decode_pins_reply(reply.parameters.get());
    }
    std::string change(std::string_view method, const std::string &user, uid_t uid = 0)
    {
        return ask(method, ipc::encode_pin_call({user}), uid).error;
    }
};

void root_confirms_and_clears_and_each_has_its_record(void **)
{
    if (!is_root_here())
        return;
    PinService service;
    assert_true(service.pins->put(make_pin("alice", alice_oid)).has_value());
    assert_text(service.change(ipc::method::confirm_pin, "alice"), "");
    assert_true(service.pins->find("alice")->confirmed);
    AuditRecord record = service.newest();
    assert_true(record.event == Event::config_changed);
    assert_text(record.user, "alice");
    assert_text(record.oid, alice_oid);
    assert_text(record.rule, "pin-confirmed");
    assert_text(record.message, "root confirms that alice is alice@contoso.com");

    assert_text(service.change(ipc::method::clear_pin, "alice"), "");
    assert_null(service.pins->find("alice"));
    record = service.newest();
    assert_text(record.user, "alice");
    assert_text(record.oid, alice_oid);
    assert_text(record.rule, "pin-cleared");

    for (const std::string_view method : {ipc::method::confirm_pin, ipc::method::clear_pin})
        assert_text(service.change(method, "alice"), "io.jitd.Elevation.NotFound");
    assert_text(service.newest().rule, "pin-cleared");
}

void nobody_but_root_sees_or_changes_a_pin(void **)
{
    if (!is_root_here())
        return;
    PinService service;
    assert_true(service.pins->put(make_pin("alice", alice_oid)).has_value());
    constexpr uid_t somebody = 65534;
    const ipc::Reply reply = service.ask(ipc::method::pins, ipc::encode_pins_call({}), somebody);
    assert_text(reply.error, "io.jitd.Elevation.NotPermitted");
    assert_null(json_object_get(reply.parameters.get(), "pins"));
    for (const std::string_view method : {ipc::method::confirm_pin, ipc::method::clear_pin})
        assert_text(service.change(method, "alice", somebody), "io.jitd.Elevation.NotPermitted");
    assert_non_null(service.pins->find("alice"));
    assert_false(service.pins->find("alice")->confirmed);
    assert_true(service.store->read_untold()->empty());
}

void a_change_that_can_not_be_recorded_is_not_made(void **)
{
    if (!is_root_here())
        return;
    PinService service;
    assert_true(service.pins->put(make_pin("alice", alice_oid)).has_value());
    const Database other = open_beside(service.folder.path + "/jit.db");
    execute(other, "BEGIN IMMEDIATE");
    for (const std::string_view method : {ipc::method::confirm_pin, ipc::method::clear_pin})
        assert_text(service.change(method, "alice"), "io.jitd.Elevation.Unavailable");
    execute(other, "COMMIT");
    assert_non_null(service.pins->find("alice"));
    assert_false(service.pins->find("alice")->confirmed);
}

void a_change_that_fails_after_its_record_has_a_second_one(void **)
{
    if (!is_root_here())
        return;
    PinService service;
    assert_true(service.pins->put(make_pin("alice", alice_oid)).has_value());
    execute(open_beside(service.folder.path + "/jit.db"), "ALTER TABLE pin RENAME TO lost");
    for (const std::string_view method : {ipc::method::confirm_pin, ipc::method::clear_pin}) {
        assert_text(service.change(method, "alice"), "io.jitd.Elevation.Unavailable");
        assert_text(service.newest().rule, "pin-kept");
        assert_non_null(service.pins->find("alice"));
        assert_false(service.pins->find("alice")->confirmed);
    }
}

void pins_come_in_pages_in_their_order_with_their_state(void **)
{
    if (!is_root_here())
        return;
    PinService service;
    assert_true(service.list().pins.empty());
    assert_false(service.list().next.has_value());
    for (int i = 0; i < 130; ++i)
        assert_true(service.pins->put(make_pin("u" + std::to_string(1000 + i), alice_oid, i == 0))
                        .has_value());
    std::vector<std::string> users;
    std::optional<std::string> after;
    int pages = 0;
    do {
        const ipc::PinsReply page = service.list(after);
        ++pages;
        for (const ipc::PinRecord &pin : page.pins)
            users.push_back(pin.user);
        after = page.next;
    } while (after && pages < 10);
    assert_int_equal(pages, 3);
    assert_int_equal(users.size(), 130);
    assert_true(std::is_sorted(users.begin(), users.end()));
    assert_true(service.list("u1129").pins.empty());
    assert_text(service.list("u10999").pins[0].user, "u1100"); // need not be one itself

    assert_true(service.list().pins[0].state == ipc::PinState::confirmed);
    assert_true(service.list().pins[1].state == ipc::PinState::first);
    assert_text(service.list().pins[1].oid, alice_oid);
    assert_text(service.list().pins[1].upn, "u1001@contoso.com");
    assert_true(service.list().pins[1].since == WallTime{1'773'740'465s});
    service.settings.config->pin = policy::Config::Pin::root;
    assert_true(service.list().pins[0].state == ipc::PinState::confirmed);
    assert_true(service.list().pins[1].state == ipc::PinState::waits);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_as_it_was_put_also_after_a_restart),
        cmocka_unit_test(no_later_person_replaces_a_pin_but_after_it_was_cleared),
        cmocka_unit_test(confirm_and_clear_say_whether_there_was_a_pin),
        cmocka_unit_test(past_the_cap_nobody_more_is_pinned_and_nobody_is_forgotten),
        cmocka_unit_test(what_can_not_be_written_is_not_so),
        cmocka_unit_test(pins_that_can_not_be_read_let_nobody_be_pinned_anew),
        cmocka_unit_test(root_confirms_and_clears_and_each_has_its_record),
        cmocka_unit_test(nobody_but_root_sees_or_changes_a_pin),
        cmocka_unit_test(a_change_that_can_not_be_recorded_is_not_made),
        cmocka_unit_test(a_change_that_fails_after_its_record_has_a_second_one),
        cmocka_unit_test(pins_come_in_pages_in_their_order_with_their_state),
    };
    return cmocka_run_group_tests_name("jitd/pins", tests, nullptr, nullptr);
}
