// The daemon is killed, or its disk fails, at every write to the ledger: what the next one finds
// there is whole, each grant and request that is over has its record, and the chain holds.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <sqlite3.h>

#include "jitd/grants.h"
#include "jitd/notices.h"
#include "lib/base/handle.h"
#include "lib/sys/digest.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/jitd/deaf_webhook.h"
#include "tests/unit/jitd/dying_disk.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

[[noreturn]] void fail_because(const std::string &text)
{
    print_error("%s\n", text.c_str());
    _fail(__FILE__, __LINE__);
    abort(); // it has jumped away
}

// --- the world around the daemon's grants
// ---------------------------------------------------------

constexpr const char *boot_one = "boot-one";
constexpr const char *boot_two = "boot-two";

// The root helper: what it has granted, and whether it answers.
struct Helper {
    std::set<std::string> live;
    bool is_away = false;
};

struct World {
    DiskFolder folder;
    std::string socket_path = folder.path + "/helper";
    std::string ledger = folder.path + "/jit.db";
    Helper helper;
    std::string boot = boot_one;
};

// One process: from its start to its end. The helper is another one, and lives as long only here.
struct Process {
    explicit Process(World &w) : world(w), loop(*sys::make_loop())
    {
        if (!world.helper.is_away)
            serve();
        auto opened = Store::open(world.ledger, 1000);
        if (!opened)
            return;
        store = *std::move(opened);
        notices = make_deaf_notices(loop.get(), *store);
        audit = std::make_unique<Audit>(*store, notices.get());
        audit->tell_untold();
        client = std::make_unique<GrantClient>(loop.get(), world.socket_path);
        grants = *Grants::make(loop.get(), *store, *audit, *client, world.boot,
                               [this](std::string_view user, std::string_view) {
                                   // Each user has one grant, and his id is in his name.
                                   return world.helper.live.contains(std::string{user.substr(1)});
                               });
        (void)grants->mend();
    }
    ~Process() { (void)unlink(world.socket_path.c_str()); }
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;

    void serve()
    {
        Fd listening = sys::test::listen_at(world.socket_path);
        server = *sys::VarlinkServer::make(
            loop.get(), std::move(listening), {"test", "io.jitd.Grant", ""}, {8, 0, 8, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                const auto call = ipc::decode_end_call(exchange->call().parameters.get());
                assert_true(call.has_value());
                if (world.helper.live.erase(call->id) > 0)
                    exchange->reply(ipc::encode(ipc::EndReply{true}));
                else
                    exchange->fail(ipc::grant_not_found, "no such grant");
            });
    }
    void run(std::chrono::milliseconds length)
    {
        const BootTime until = boot_time() + length;
        while (boot_time() < until)
            if (sd_event_run(loop.get(), 1000) <= 0 && boot_time() >= until)
                break;
    }
    // Until nothing happens any more that does not wait for a clock.
    void settle()
    {
        for (int quiet = 0; quiet < 4;)
            quiet = sd_event_run(loop.get(), 500) > 0 ? 0 : quiet + 1;
    }

    World &world;
    sys::Loop loop;
    std::unique_ptr<Store> store;
    std::unique_ptr<Notices> notices;
    std::unique_ptr<Audit> audit;
    std::unique_ptr<GrantClient> client;
    std::unique_ptr<Grants> grants;
    std::unique_ptr<sys::VarlinkServer> server;
};

std::string id_of(int number)
{
    return std::string(15, '0') + std::to_string(number);
}

StoredRequest make_row(int number, ipc::State state)
{
    StoredRequest row;
    row.id = id_of(number);
    row.role = "web";
    row.user = "u" + row.id;
    row.uid = 1000;
    row.oid = "oid";
    row.groups = {"jit-web"};
    row.state = state;
    row.began = wall_time();
    row.deadline = row.began + 900s;
    if (state == ipc::State::live) {
        row.asked_helper = true;
        row.since = row.began;
        row.until = row.began + 3600s;
        row.until_boot = boot_time() + 3600s;
        row.boot_id = boot_one;
    }
    return row;
}

// What an earlier process left: each row with the records that it has by then.
void put(World &world, const StoredRequest &row, bool is_with_helper)
{
    const auto store = *Store::open(world.ledger, 1000);
    const auto loop = *sys::make_loop();
    const auto notices = make_deaf_notices(loop.get(), *store);
    Audit audit{*store, notices.get()};
    AuditRecord record;
    record.request = row.id;
    record.user = row.user;
    record.event = Event::requested;
    assert_true(audit.write(record, &row));
    record.event = Event::granted;
    if (row.state == ipc::State::live)
        assert_true(audit.write(record));
    if (is_with_helper)
        world.helper.live.insert(row.id);
}

// --- what must hold
// -------------------------------------------------------------------------------

struct Found {
    std::map<std::string, StoredRequest> rows;
    std::map<std::string, std::vector<std::string>> events; // by request
    bool is_chain_whole = true;
    Told told;    // to webhooks,
    Told to_tell; // and by the records
};

Found look(const World &world)
{
    Found found;
    const Disk kept = std::exchange(disk, Disk{}); // whoever looks has another
    {
        const auto store = *Store::open(world.ledger, 1000);
        const auto rows = *store->read_newest("", 100);
        for (const StoredRequest &row : rows)
            found.rows[row.id] = row;
        found.told = read_told(*store);
        found.to_tell = read_to_tell(*store);
    }
    sqlite3 *opened = nullptr;
    assert_int_equal(sqlite3_open(world.ledger.c_str(), &opened), SQLITE_OK);
    const Handle<sqlite3, &sqlite3_close> db{opened};
    std::vector<std::pair<std::string, std::string>> records;
    (void)sqlite3_exec(
        db.get(), "SELECT record, hash FROM audit ORDER BY seq",
        [](void *into, int, char **columns, char **) {
            static_cast<decltype(records) *>(into)->emplace_back(columns[0], columns[1]);
            return 0;
        },
        &records, nullptr);
    std::string head(64, '0');
    for (const auto &[text, hash] : records) {
        head = *sys::sha256_hex(head + "\n" + text);
        found.is_chain_whole = found.is_chain_whole && head == hash;
        const auto record = decode_record(text);
        assert_true(record.has_value());
        found.events[record->request].emplace_back(name_of(record->event));
    }
    disk = kept;
    return found;
}

bool has_end(const std::vector<std::string> &events)
{
    static const std::set<std::string> ends{"cancelled", "expired", "dropped", "revoked",
                                            "reconciled"};
    return std::any_of(events.begin(), events.end(),
                       [](const std::string &event) { return ends.contains(event); });
}

// At any moment, also right after a kill: a row is closed if, and only if, the chain says why.
std::string find_contradiction(const Found &found)
{
    if (!found.is_chain_whole)
        return "the chain is broken";
    if (!std::includes(found.to_tell.begin(), found.to_tell.end(), found.told.begin(),
                       found.told.end()))
        return "webhooks are told what is not on record";
    for (const auto &[id, row] : found.rows) {
        const auto &events = found.events.at(id);
        const bool is_open = row.state == ipc::State::live ||
                             row.state == ipc::State::pending_signin ||
                             row.state == ipc::State::pending_approval;
        if (events.front() != "requested")
            return id + " does not begin with its request";
        if (!is_open && !has_end(events))
            return id + " is closed without a record";
        if (is_open && has_end(events))
            return id + " is open though its end is recorded";
        if (row.state == ipc::State::live && events.size() != 2)
            return id + " is live, but not by its records";
    }
    return {};
}

// When a process has had its time: what the helper has is live, all else is closed.
std::string find_debris(const World &world, const Found &found)
{
    if (auto fault = find_contradiction(found); !fault.empty())
        return fault;
    for (const auto &[id, row] : found.rows) {
        const bool is_live = row.state == ipc::State::live;
        if (is_live != world.helper.live.contains(id))
            return id + (is_live ? " is live here alone" : " is live at the helper alone");
        if (row.state == ipc::State::pending_signin)
            return id + " still waits";
    }
    return {};
}

// Where the process was killed, and the disk has not failed it.
std::string find_silence(const Found &found)
{
    for (const std::string &one : found.to_tell)
        if (found.told.count(one) < found.to_tell.count(one))
            return "no webhook is told of " + one;
    return {};
}

// --- what is done
// ---------------------------------------------------------------------------------

struct Scenario {
    const char *name;
    std::function<void(World &)> prepare;
    std::function<void(World &, Process &)> act;
};

void prepare_all(World &world)
{
    StoredRequest asked = make_row(2, ipc::State::pending_signin);
    asked.asked_helper = true;
    StoredRequest unheard = make_row(3, ipc::State::pending_signin);
    unheard.asked_helper = true;
    StoredRequest over = make_row(6, ipc::State::live);
    over.until = wall_time() - 60s;
    StoredRequest old = make_row(7, ipc::State::live);
    old.boot_id = "an earlier boot";
    put(world, make_row(1, ipc::State::pending_signin), false);
    put(world, asked, false);
    put(world, unheard, true);
    put(world, make_row(4, ipc::State::live), true);
    put(world, make_row(5, ipc::State::live), false);
    put(world, over, false);
    put(world, old, false);
}

const Scenario scenarios[] = {
    {"a start", prepare_all, [](World &, Process &) {}},
    {"a start after a boot",
     [](World &world) {
         prepare_all(world);
         world.helper.live.clear();
         world.boot = boot_two;
     },
     [](World &, Process &) {}},
    {"a drop", [](World &world) { put(world, make_row(4, ipc::State::live), true); },
     [](World &, Process &process) {
         process.grants->end(id_of(4), {Event::dropped, "dropped", "alice"},
                             [](const HelperFault *) {});
     }},
    {"two ends at once",
     [](World &world) {
         put(world, make_row(4, ipc::State::live), true);
         put(world, make_row(5, ipc::State::live), true);
     },
     [](World &, Process &process) {
         for (const int number : {4, 5})
             process.grants->end(id_of(number), {Event::revoked, "revoked", "root"},
                                 [](const HelperFault *) {});
     }},
    {"a policy without the role",
     [](World &world) { put(world, make_row(4, ipc::State::live), true); },
     [](World &, Process &process) { process.grants->end_without_role({}); }},
    {"an end by the helper alone",
     [](World &world) { put(world, make_row(4, ipc::State::live), true); },
     [](World &world, Process &process) {
         world.helper.live.clear();
         process.grants->close_ended();
     }},
};

void each_scenario_ends_without_debris_when_nothing_breaks(void **)
{
    for (const Scenario &scenario : scenarios) {
        World world;
        scenario.prepare(world);
        {
            Process process{world};
            scenario.act(world, process);
            process.settle();
        }
        if (const auto fault = find_debris(world, look(world)); !fault.empty())
            fail_because(std::string{scenario.name} + ": " + fault);
    }
}

void a_kill_at_any_write_is_mended_at_the_next_start(void **)
{
    for (const Scenario &scenario : scenarios) {
        bool is_hit = true;
        for (int at = 0; is_hit; ++at) {
            const std::string where =
                std::string{scenario.name} + ", killed at write " + std::to_string(at);
            World world;
            scenario.prepare(world);
            disk.at = at;
            disk.writes = 0;
            {
                Process process{world};
                if (process.grants) {
                    scenario.act(world, process);
                    process.settle();
                }
            }
            is_hit = disk.writes > at;
            assert_true(is_hit || at > 0);
            disk = Disk{};
            const Found killed = look(world);
            for (const auto &fault : {find_contradiction(killed), find_silence(killed)})
                if (!fault.empty())
                    fail_because(where + ": " + fault);
            {
                Process process{world};
                process.settle();
            }
            const Found mended = look(world);
            for (const auto &fault : {find_debris(world, mended), find_silence(mended)})
                if (!fault.empty())
                    fail_because(where + ", started again: " + fault);
        }
    }
}

// Without a crash, and without another start: what could not be written is written later.
void a_write_that_fails_is_made_good_while_the_daemon_runs(void **)
{
    for (const Scenario &scenario : scenarios) {
        for (const int error : {EIO, ENOSPC}) {
            bool is_hit = true;
            for (int at = 0; is_hit; ++at) {
                World world;
                scenario.prepare(world);
                Process process{world};
                process.settle();
                disk.way = Disk::Way::fails_once;
                disk.error = error;
                disk.at = at;
                disk.writes = 0;
                scenario.act(world, process);
                process.settle();
                is_hit = disk.writes > at;
                disk = Disk{};
                process.grants->close_ended(); // as its timer has it
                if (const auto fault = find_debris(world, look(world)); !fault.empty())
                    fail_because(std::string{scenario.name} + ", write " + std::to_string(at) +
                                 " failed: " + fault);
            }
        }
    }
}

void what_is_owed_to_a_helper_that_is_away_stays_open_and_unsaid_until_it_answers(void **)
{
    World world;
    StoredRequest unheard = make_row(3, ipc::State::pending_signin);
    unheard.asked_helper = true;
    put(world, unheard, true);
    world.helper.is_away = true;
    for (int starts = 0; starts < 3; ++starts) {
        Process process{world};
        process.settle();
    }
    Found found = look(world);
    assert_true(found.rows.at(id_of(3)).state == ipc::State::pending_signin);
    assert_int_equal(found.events.at(id_of(3)).size(), 1);
    world.helper.is_away = false;
    {
        Process process{world};
        process.settle();
    }
    found = look(world);
    assert_text(find_debris(world, found), "");
    assert_true(world.helper.live.empty());
    assert_int_equal(found.events.at(id_of(3)).size(), 2);
}

// The row said "live" or "ended" in one transaction, and the record came in another.
void regress_a_row_and_its_record_are_in_the_ledger_both_or_neither(void **)
{
    bool is_hit = true;
    for (int at = 0; is_hit; ++at) {
        World world;
        put(world, make_row(1, ipc::State::pending_signin), false);
        {
            const auto store = *Store::open(world.ledger, 1000);
            Audit audit{*store};
            disk.at = at;
            disk.writes = 0;
            const StoredRequest live = make_row(1, ipc::State::live);
            AuditRecord record;
            record.event = Event::granted;
            record.request = live.id;
            const bool is_written = audit.write(record, &live);
            is_hit = disk.writes > at;
            assert_true(is_written != is_hit);
            assert_true(is_hit || at > 2); // row and record are several pages
        }
        disk = Disk{};
        const Found found = look(world);
        const bool is_live = found.rows.at(id_of(1)).state == ipc::State::live;
        assert_int_equal(found.events.at(id_of(1)).size(), is_live ? 2 : 1);
        assert_text(find_contradiction(found), "");
    }
}

void a_record_and_its_notices_are_in_the_ledger_both_or_neither(void **)
{
    bool is_hit = true;
    for (int at = 0; is_hit; ++at) {
        World world;
        put(world, make_row(1, ipc::State::pending_signin), false);
        {
            const auto store = *Store::open(world.ledger, 1000);
            const StoredRequest live = make_row(1, ipc::State::live);
            AuditRecord record;
            record.event = Event::granted;
            record.request = live.id;
            const StoredNotice notices[] = {{0, "one", wall_time(), "text"},
                                            {0, "two", wall_time(), "text"}};
            disk.at = at;
            disk.writes = 0;
            const bool is_written =
                store->append_audit("granted", encode_record(record, wall_time()), &live, notices)
                    .has_value();
            is_hit = disk.writes > at;
            assert_true(is_written != is_hit);
            assert_true(is_hit || at > 3);
        }
        disk = Disk{};
        const Found found = look(world);
        const bool is_live = found.rows.at(id_of(1)).state == ipc::State::live;
        assert_int_equal(found.events.at(id_of(1)).size(), is_live ? 2 : 1);
        assert_text(find_contradiction(found), "");
        const auto store = *Store::open(world.ledger, 1000);
        for (const char *webhook : {"one", "two"})
            assert_true(store->next_notice(webhook, 0)->has_value() == is_live);
    }
}

void a_write_that_fails_once_costs_notices_and_no_record(void **)
{
    World world;
    put(world, make_row(1, ipc::State::pending_signin), false);
    Settings settings;
    policy::Webhook webhook;
    webhook.url = "https://hooks.example.org/";
    webhook.events = {"granted"};
    settings.config.emplace();
    settings.config->webhooks.push_back(webhook);
    settings.webhook_keys.resize(1);
    const auto loop = *sys::make_loop();
    const auto store = *Store::open(world.ledger, 1000);
    const auto notices =
        *Notices::make(loop.get(), *store,
                       [](const net::HttpOptions &) -> Result<std::unique_ptr<net::HttpClient>> {
                           return Error{Code::internal, "not in this test"};
                       });
    notices->use(settings);
    Audit audit{*store, notices.get()};
    const StoredRequest live = make_row(1, ipc::State::live);
    AuditRecord record;
    record.event = Event::granted;
    record.request = live.id;
    disk.way = Disk::Way::fails_once;
    disk.at = 0;
    disk.writes = 0;
    assert_true(audit.write(record, &live));
    disk = Disk{};
    assert_true(store->read(live.id)->state == ipc::State::live);
    const std::string digest = *sys::sha256_hex("json\n" + webhook.url);
    assert_false(store->next_notice(digest, 0)->has_value());
    assert_true(audit.write(record));
    assert_true(store->next_notice(digest, 0)->has_value());
    assert_true(look(world).is_chain_whole);
}

// Who has approved is in the row that a restart goes on with if, and only if, it is on record.
void a_yes_and_its_record_are_in_the_ledger_both_or_neither(void **)
{
    bool is_hit = true;
    for (int at = 0; is_hit; ++at) {
        World world;
        StoredRequest row = make_row(1, ipc::State::pending_approval);
        row.kept = "nobody so far";
        put(world, row, false);
        {
            const auto store = *Store::open(world.ledger, 1000);
            Audit audit{*store};
            disk.at = at;
            disk.writes = 0;
            row.kept = "bob";
            row.approver_oid = "bob's";
            AuditRecord record;
            record.event = Event::approved;
            record.request = row.id;
            const bool is_written = audit.write(record, &row);
            is_hit = disk.writes > at;
            assert_true(is_written != is_hit);
        }
        disk = Disk{};
        const Found found = look(world);
        const StoredRequest &left = found.rows.at(id_of(1));
        const bool is_there = left.kept == "bob";
        assert_true(is_there == (left.approver_oid == "bob's"));
        assert_int_equal(found.events.at(id_of(1)).size(), is_there ? 2 : 1);
        assert_true(left.state == ipc::State::pending_approval);
        assert_text(find_contradiction(found), "");
        // The next daemon leaves it to those who go on with it.
        Process process{world};
        process.settle();
        assert_true(process.store->read(id_of(1))->state == ipc::State::pending_approval);
    }
}

void a_failed_transaction_leaves_the_store_usable_and_its_chain_whole(void **)
{
    for (const int error : {EIO, ENOSPC}) {
        World world;
        put(world, make_row(1, ipc::State::pending_signin), false);
        const auto store = *Store::open(world.ledger, 1000);
        Audit audit{*store};
        AuditRecord record;
        record.event = Event::cancelled;
        record.request = id_of(1);
        StoredRequest row = make_row(1, ipc::State::cancelled);
        disk.error = error;
        disk.at = 0;
        disk.writes = 0;
        assert_false(audit.write(record, &row));
        assert_false(audit.write_late(record, &row));
        disk = Disk{};
        assert_true(store->read(id_of(1))->state == ipc::State::pending_signin);
        assert_true(audit.write_late(record, &row));
        assert_true(audit.write(record));
        const Found found = look(world);
        assert_true(found.is_chain_whole);
        assert_int_equal(found.events.at(id_of(1)).size(), 3);
    }
}

// An end that the ledger could not take was lost for the chain until the next start.
void regress_an_end_that_the_ledger_could_not_take_is_written_when_it_can(void **)
{
    World world;
    put(world, make_row(4, ipc::State::live), true);
    Process process{world};
    disk.at = 0;
    disk.writes = 0;
    disk.error = ENOSPC;
    bool is_ended = false;
    process.grants->end(id_of(4), {Event::dropped, "dropped", "alice"},
                        [&](const HelperFault *fault) { is_ended = fault == nullptr; });
    process.settle();
    assert_true(is_ended); // a full disk keeps nobody's role
    assert_int_equal(process.grants->table().size(), 0);
    assert_int_equal(look(world).events.at(id_of(4)).size(), 2);
    const WallTime ended = wall_time();
    disk = Disk{};
    process.run(6s); // its own timer
    const Found found = look(world);
    assert_int_equal(found.events.at(id_of(4)).size(), 3);
    assert_text(found.events.at(id_of(4)).back(), "dropped");
    assert_text(find_debris(world, found), "");
    assert_true(wall_time() > ended + 2s);
}

void regress_the_record_that_the_journal_may_lack_is_known_after_a_kill(void **)
{
    World world;
    put(world, make_row(1, ipc::State::pending_signin), false);
    const auto store = *Store::open(world.ledger, 1000);
    const auto untold = *store->read_untold();
    assert_int_equal(untold.size(), 1);
    assert_text(untold[0].event, "requested");
    assert_text(decode_record(untold[0].text)->request, id_of(1));
    assert_text(untold[0].hash, *sys::sha256_hex(std::string(64, '0') + "\n" + untold[0].text));
    Audit audit{*store};
    audit.note_told();
    assert_true(store->read_untold()->empty());
    audit.note_told();
    (void)store->append_audit("used", "{}");
    assert_text(store->read_untold()->back().event, "used");
}

void an_empty_ledger_owes_the_journal_nothing(void **)
{
    const World world;
    const auto store = *Store::open(world.ledger, 1000);
    assert_true(store->read_untold()->empty());
    assert_true(store->note_told().has_value());
}

void a_record_is_decoded_as_it_was_encoded(void **)
{
    AuditRecord record;
    record.event = Event::granted;
    record.message = "alice has role web";
    record.request = id_of(1);
    record.has_grant = true;
    record.role = "web";
    record.user = "alice";
    record.uid = 4'000'000'000U;
    record.oid = "oid";
    record.approver_oid = "approver";
    record.service = "sudo";
    record.tty = "pts/1";
    record.rhost = "192.0.2.1";
    record.command = "/bin/sh";
    record.reason = "INC-1";
    record.correlation = "guid";
    record.until = WallTime{1'800'000'000s};
    record.rule = "rule";
    const WallTime at{1'700'000'000s};
    const auto read = decode_record(encode_record(record, at));
    assert_true(read.has_value());
    assert_true(read->at == at && read->until == record.until && read->uid == record.uid);
    assert_text(encode_record(*read, at), encode_record(record, at));
    record = AuditRecord{};
    record.has_grant = true;
    assert_false(decode_record(encode_record(record, at))->uid.has_value());
    for (const char *bad : {"", "{}", "[]", "{\"event\":\"granted\"}",
                            "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"cheered\"}"})
        assert_false(decode_record(bad).has_value());
}

} // namespace

int main()
{
    stand_between();
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_scenario_ends_without_debris_when_nothing_breaks),
        cmocka_unit_test(a_kill_at_any_write_is_mended_at_the_next_start),
        cmocka_unit_test(a_write_that_fails_is_made_good_while_the_daemon_runs),
        cmocka_unit_test(
            what_is_owed_to_a_helper_that_is_away_stays_open_and_unsaid_until_it_answers),
        cmocka_unit_test(regress_a_row_and_its_record_are_in_the_ledger_both_or_neither),
        cmocka_unit_test(a_record_and_its_notices_are_in_the_ledger_both_or_neither),
        cmocka_unit_test(a_write_that_fails_once_costs_notices_and_no_record),
        cmocka_unit_test(a_yes_and_its_record_are_in_the_ledger_both_or_neither),
        cmocka_unit_test(a_failed_transaction_leaves_the_store_usable_and_its_chain_whole),
        cmocka_unit_test(regress_an_end_that_the_ledger_could_not_take_is_written_when_it_can),
        cmocka_unit_test(regress_the_record_that_the_journal_may_lack_is_known_after_a_kill),
        cmocka_unit_test(an_empty_ledger_owes_the_journal_nothing),
        cmocka_unit_test(a_record_is_decoded_as_it_was_encoded),
    };
    return cmocka_run_group_tests_name("jitd/crashes", tests, nullptr, nullptr);
}
