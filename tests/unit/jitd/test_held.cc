// What is held for the ledger's next write.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>

#include "jitd/audit.h"
#include "jitd/limits.h"
#include "jitd/pins.h"
#include "lib/sys/digest.h"
#include "tests/unit/jitd/counted_waits.h"
#include "tests/unit/jitd/deaf_webhook.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

struct Ledger {
    Ledger() { open(); }
    void open() { store = *Store::open(path, 100'000); }

    // Holds a record by that text; what comes of it is in `told`, a "-" before it where it failed.
    void hold(const std::string &text, std::vector<StoredNotice> notices = {})
    {
        store->hold(
            {"used", text, std::move(notices), [this, text](const Result<Store::Chained> &done) {
                 told.push_back(!done ? "-" + text : done->has_notices ? text : text + " alone");
             }});
    }
    bool hold_pin()
    {
        return store->hold_pin({"alice", "oid", "a@b.c", {}, false}, [this](bool is_kept) {
            told.emplace_back(is_kept ? "pin" : "-pin");
        });
    }
    std::vector<std::string> records() const
    {
        std::vector<std::string> found;
        const auto rows = *store->read_audit(0, 100'000);
        std::string head(64, '0');
        for (const auto &row : rows) {
            head = *sys::sha256_hex(head + "\n" + row.text);
            assert_text(row.hash, head);
            found.push_back(row.text);
        }
        return found;
    }
    std::vector<std::string> untold() const
    {
        std::vector<std::string> found;
        const auto untold = store->read_untold();
        for (const Store::Untold &one : *untold)
            found.push_back(one.text);
        return found;
    }

    DiskFolder folder;
    std::string path = folder.path + "/jit.db";
    std::unique_ptr<Store> store;
    std::vector<std::string> told;
};

using Texts = std::vector<std::string>;

StoredRequest make_row()
{
    StoredRequest row;
    row.id = "0123456789abcdef";
    row.role = "web";
    return row;
}

void what_is_held_is_written_with_the_next_write_whatever_that_is(void **)
{
    const std::int64_t seqs[] = {1};
    const std::function<Result<void>(Store &)> writes[] = {
        [](Store &store) { return store.put(make_row()); },
        [](Store &store) -> Result<void> {
            TRY(store.append_audit("used", "next"));
            return {};
        },
        [](Store &store) { return store.note_told(); },
        [](Store &store) { return store.add_notices(std::vector<StoredNotice>{}); },
        [&](Store &store) { return store.forget_notices(seqs); },
        [](Store &store) {
            return store.add_pin({"bob", "oid", "b@b.c", {}, false});
        },
        [](Store &store) -> Result<void> {
            TRY(store.confirm_pin("bob"));
            return {};
        },
        [](Store &store) -> Result<void> {
            TRY(store.remove_pin("bob"));
            return {};
        },
    };
    for (const auto &write : writes) {
        Ledger ledger;
        const Store::Turn turn{*ledger.store};
        ledger.hold("one");
        ledger.hold("two");
        assert_true(ledger.told.empty() && ledger.records().empty());
        waits = Waits{};
        assert_true(write(*ledger.store).has_value());
        assert_int_equal(waits.count, 1);
        assert_true((ledger.told == Texts{"one", "two"}));
        auto records = ledger.records();
        records.resize(2);
        assert_true((records == Texts{"one", "two"}));
        ledger.store->settle();
        assert_int_equal(waits.count, 1);
    }
}

void nothing_is_held_longer_than_what_it_is_held_for(void **)
{
    Ledger ledger;
    ledger.hold("without a turn");
    assert_int_equal(ledger.records().size(), 1);
    {
        const Store::Turn turn{*ledger.store};
        {
            const Store::Turn inner{*ledger.store};
            ledger.hold("in two");
        }
        assert_int_equal(ledger.records().size(), 1);
        waits = Waits{};
    }
    assert_int_equal(waits.count, 1);
    assert_true((ledger.told == Texts{"without a turn", "in two"}));
    assert_int_equal(ledger.records().size(), 2);
}

// The journal may lack all of a transaction after a kill; it is told all of them again.
void as_many_are_written_at_once_as_are_known_to_be_untold_after_a_kill(void **)
{
    for (std::size_t held = 0; held < limits::records_at_once + 3; ++held) {
        Ledger ledger;
        for (int before = 0; before < 2; ++before) {
            Texts last;
            {
                const Store::Turn turn{*ledger.store};
                for (std::size_t i = 0; i < held; ++i)
                    ledger.hold(std::to_string(i));
                // What was not on disk by then is what the last write takes along.
                for (std::size_t i = ledger.told.size() % (held + 1); i < held; ++i)
                    last.push_back(std::to_string(i));
                assert_true(ledger.store->append_audit("used", "last").has_value());
                ledger.told.emplace_back();
                last.emplace_back("last");
            }
            assert_true(last.size() <= limits::records_at_once);
            ledger.open(); // as after a kill
            const auto untold = ledger.untold();
            assert_true(untold.size() <= limits::records_at_once);
            assert_true(last.size() <= untold.size());
            assert_true(std::equal(last.rbegin(), last.rend(), untold.rbegin()));
            if (before == 0 && last.size() > 1)
                assert_true(untold == last);
        }
        assert_true(ledger.store->note_told().has_value());
        assert_true(ledger.untold().empty());
        assert_true(ledger.store->append_audit("used", "one more").has_value());
        assert_true(ledger.untold() == Texts{"one more"});
        for (std::size_t i = 0; i < 2 * limits::records_at_once; ++i)
            assert_true(ledger.store->append_audit("used", "many").has_value());
        assert_true(ledger.untold().back() == "many");
    }
}

void what_fails_with_others_is_tried_by_itself(void **)
{
    Ledger ledger;
    assert_true(ledger.store->add_pin({"alice", "other", "a@b.c", {}, false}).has_value());
    {
        const Store::Turn turn{*ledger.store};
        ledger.hold("one");
        ledger.hold("found");
        assert_true(ledger.hold_pin()); // has one in the ledger, which nobody knows
        ledger.hold("three");
        assert_false(ledger.store->append_audit("used", "next").has_value());
        assert_true((ledger.told == Texts{"one", "-pin", "-found", "three"}));
        assert_true((ledger.records() == Texts{"one", "three"}));
        assert_true(ledger.store->append_audit("used", "next").has_value());
    }
    assert_true((ledger.records() == Texts{"one", "three", "next"}));
}

void where_there_is_no_room_for_notices_the_record_is_written_without(void **)
{
    Ledger ledger;
    ledger.store.reset();
    ledger.store = *Store::open(ledger.path, 40);
    const StoredNotice notice{0, "webhook", {}, std::string(200'000, 'x')};
    {
        const Store::Turn turn{*ledger.store};
        ledger.hold("one", {notice});
        ledger.hold("two");
    }
    assert_true((ledger.told == Texts{"one alone", "two"}));
    assert_true((ledger.records() == Texts{"one", "two"}));
    assert_false(ledger.store->next_notice("webhook", 0)->has_value());
}

void a_pin_goes_with_the_record_before_it_or_by_itself(void **)
{
    Ledger ledger;
    assert_false(ledger.hold_pin());
    const Store::Turn turn{*ledger.store};
    assert_false(ledger.hold_pin());
    ledger.hold("found");
    assert_true(ledger.hold_pin());
    ledger.hold("found, too");
    assert_false(ledger.hold_pin()); // one at a time
    assert_true(ledger.store->read_pins()->empty());
    ledger.store->settle();
    assert_int_equal(ledger.store->read_pins()->size(), 1);
    assert_false(ledger.hold_pin());

    Pins pins{*ledger.store};
    ledger.hold("found again");
    assert_true(pins.put_soon({"bob", "oid", "b@b.c", {}, false}).has_value());
    assert_null(pins.find("bob")); // nothing rests on it yet
    // Another one, of the same user by another request, meets what is there then.
    assert_true(pins.put_soon({"bob", "other", "b@b.c", {}, false}).error().code == Code::denied);
    ledger.store->settle();
    assert_text(pins.find("bob")->oid, "oid");
    assert_true(pins.put_soon({"carol", "oid", "c@b.c", {}, false}).has_value());
    assert_non_null(pins.find("carol")); // nothing was held
}

// Killed, or failed once, at each write.
void at_any_kill_a_pin_has_its_record_and_the_chain_is_whole(void **)
{
    for (const Disk::Way way : {Disk::Way::stops, Disk::Way::fails_once}) {
        bool is_hit = true;
        for (int at = 0; is_hit; ++at) {
            Ledger ledger;
            {
                disk.way = way;
                disk.at = at;
                disk.writes = 0;
                const Store::Turn turn{*ledger.store};
                ledger.hold("signed in");
                ledger.hold("found");
                assert_true(ledger.hold_pin());
                const bool is_written = ledger.store->append_audit("used", "approved").has_value();
                is_hit = disk.writes > at;
                assert_true(is_written != is_hit);
            }
            ledger.store.reset();
            disk = Disk{};
            ledger.open();
            const auto records = ledger.records();
            const auto has = [&](const char *text) {
                return std::find(records.begin(), records.end(), text) != records.end();
            };
            assert_true(has("found") == !ledger.store->read_pins()->empty());
            assert_true(has("approved") == !is_hit);
            const auto was_told = [&](const char *text) {
                return std::find(ledger.told.begin(), ledger.told.end(), text) != ledger.told.end();
            };
            assert_true(was_told("pin") == has("found"));
            assert_true(was_told("signed in") == has("signed in"));
        }
    }
}

void a_record_that_is_held_tells_webhooks_with_it(void **)
{
    const sys::Loop loop = *sys::make_loop();
    Ledger ledger;
    const auto notices = make_deaf_notices(loop.get(), *ledger.store);
    Audit audit{*ledger.store, notices.get()};
    AuditRecord record;
    record.event = Event::denied;
    record.request = "0123456789abcdef";
    int failed = 0;
    {
        const Store::Turn turn{*ledger.store};
        audit.write_soon(record, [&] { ++failed; });
        assert_true(read_told(*ledger.store).empty());
        assert_true(ledger.store->put(make_row()).has_value());
        assert_true(read_told(*ledger.store) == read_to_tell(*ledger.store));
        assert_int_equal(read_told(*ledger.store).size(), 1);
        disk.at = 0;
        disk.writes = 0;
        audit.write_soon(record, [&] { ++failed; });
        assert_int_equal(failed, 0);
    }
    disk = Disk{};
    assert_int_equal(failed, 1);
    assert_int_equal(read_told(*ledger.store).size(), 1);
    assert_int_equal(ledger.records().size(), 1);
}

} // namespace

int main()
{
    stand_between();
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_is_written_with_the_next_write_whatever_that_is),
        cmocka_unit_test(nothing_is_held_longer_than_what_it_is_held_for),
        cmocka_unit_test(as_many_are_written_at_once_as_are_known_to_be_untold_after_a_kill),
        cmocka_unit_test(what_fails_with_others_is_tried_by_itself),
        cmocka_unit_test(where_there_is_no_room_for_notices_the_record_is_written_without),
        cmocka_unit_test(a_pin_goes_with_the_record_before_it_or_by_itself),
        cmocka_unit_test(at_any_kill_a_pin_has_its_record_and_the_chain_is_whole),
        cmocka_unit_test(a_record_that_is_held_tells_webhooks_with_it),
    };
    return cmocka_run_group_tests_name("jitd/held", tests, nullptr, nullptr);
}
