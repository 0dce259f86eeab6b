// The daemon is killed at every write to the ledger while a request comes to wait for others, and
// while they answer it: what the next one finds is whole, and webhooks are told all of it.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <functional>
#include <list>
#include <sys/socket.h>

#include "jitd/kept_request.h"
#include "jitd/request_replies.h"
#include "jitd/requests.h"
#include "lib/ipc/frame.h"
#include "lib/sys/varlink_server.h"
#include "policy/parse.h"
#include "tests/unit/jitd/deaf_webhook.h"
#include "tests/unit/jitd/dying_disk.h"
#include "tests/unit/jitd/prompt_provider.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

constexpr const char *requester_oid = "a11ce000-0000-4000-8000-000000000001";
constexpr const char *approver_oid = "b0b00000-0000-4000-8000-000000000002";
constexpr const char *other_oid = "da7e0000-0000-4000-8000-000000000003";
constexpr const char *some_id = "0123456789abcdef";

[[noreturn]] void fail_because(const std::string &text)
{
    print_error("%s\n", text.c_str());
    _fail(__FILE__, __LINE__);
    abort(); // it has jumped away
}

RequestFacts make_facts(std::chrono::seconds left = 900s)
{
    RequestFacts facts;
    facts.id = some_id;
    facts.role = "web";
    facts.user = "alice";
    facts.uid = 1000;
    facts.oid = requester_oid;
    facts.groups = {"jit-web"};
    facts.duration = 3600s;
    facts.origin = {"", "pts/9", 77, ""};
    facts.host = "web01";
    facts.mode = policy::Approval::Mode::approver;
    facts.began = read_clocks();
    facts.deadline = facts.began.boot + left;
    facts.deadline_wall = facts.began.wall + left;
    return facts;
}

// One process of the daemon. Its end is that of one that is killed: nothing is done for it.
struct Process {
    explicit Process(const DiskFolder &folder, int quorum = 1)
        : path(folder.path + "/socket"), loop(*sys::make_loop()), provider(requester_oid)
    {
        auto opened = Store::open(folder.path + "/jit.db", 1000);
        if (!opened)
            return;
        store = *std::move(opened);
        notices = make_deaf_notices(loop.get(), *store);
        audit = std::make_unique<Audit>(*store, notices.get());
        pins = std::make_unique<Pins>(*store);
        helper = std::make_unique<GrantClient>(loop.get(), folder.path + "/none");
        grants = *Grants::make(loop.get(), *store, *audit, *helper, "boot",
                               [](std::string_view, std::string_view) { return true; });
        settings.config.emplace();
        settings.expected = PromptProvider::expected();
        const std::vector<policy::SourceFile> files{
            {"a.toml", "[role.web]\ngroups = [\"jit-web\"]\nmax_duration = \"1h\"\nrequesters = "
                       "[\"user:" +
                           std::string{requester_oid} +
                           "\"]\n[role.web.approval]\nmode = \"approver\"\napprovers = [\"user:" +
                           approver_oid + "\", \"user:" + other_oid +
                           "\"]\nquorum = " + std::to_string(quorum) + "\n"}};
        settings.policy = policy::parse_policy(files).policy;
        assert_true(settings.policy.has_value());
        requests = *Requests::make(
            {loop.get(), *store, *audit, *grants, *helper, settings, *pins, [] {}, notices.get()});
        (void)grants->mend();
        requests->set_provider(&provider);
        requests->resume();
    }
    ~Process()
    {
        server.reset();
        requests.reset();
    }
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;

    // A request whose person is about to be known: the provider is asked for his token.
    void begin()
    {
        (void)unlink(path.c_str());
        server = *sys::VarlinkServer::make(loop.get(), sys::test::listen_at(path),
                                           {"test", "io.jitd.Elevation", ""}, {8, 0, 8, 2s},
                                           [this](const std::shared_ptr<sys::Exchange> &exchange) {
                                               requests->begin_or_join(make_facts(), exchange);
                                           });
        asking = *sys::connect_unix(path);
        const std::string frame =
            *ipc::encode_call(ipc::method::request, ipc::Json{json_object()}.get(), true, false);
        assert_int_equal(send(asking.get(), frame.data(), frame.size(), MSG_NOSIGNAL),
                         frame.size());
        run_until([this] { return provider.is_asked("/discovery"); });
        provider.answer("/token");
    }
    void run_until(const std::function<bool()> &is_there)
    {
        for (const BootTime until = boot_time() + 5s; !is_there();) {
            assert_true(boot_time() < until);
            (void)sd_event_run(loop.get(), 5000);
        }
    }
    // Until nothing happens any more that does not wait for a clock.
    void settle()
    {
        for (int quiet = 0; quiet < 4;)
            quiet = sd_event_run(loop.get(), 500) > 0 ? 0 : quiet + 1;
    }

    std::string path;
    sys::Loop loop;
    PromptProvider provider;
    Settings settings;
    std::unique_ptr<Store> store;
    std::unique_ptr<Notices> notices;
    std::unique_ptr<Audit> audit;
    std::unique_ptr<Pins> pins;
    std::unique_ptr<GrantClient> helper;
    std::unique_ptr<Grants> grants;
    std::unique_ptr<Requests> requests;
    std::unique_ptr<sys::VarlinkServer> server;
    Fd asking;
};

struct Found {
    std::optional<StoredRequest> row;
    Told told, to_tell;
};

//   is_new  no earlier process has told of the request
Found look(const DiskFolder &folder, bool is_new = false)
{
    const auto store = *Store::open(folder.path + "/jit.db", 1000);
    Found found;
    if (auto row = store->read(some_id))
        found.row = *std::move(row);
    found.told = read_told(*store);
    found.to_tell = read_to_tell(*store);
    // By its row, once it waits for approvers; not by the record of its beginning.
    found.to_tell.erase(std::string{some_id} + " requested");
    if (is_new && found.row && found.row->state == ipc::State::pending_approval)
        found.to_tell.insert(std::string{some_id} + " requested");
    return found;
}

std::string as_text(const Told &told)
{
    std::string text;
    for (const std::string &one : told)
        text += (text.empty() ? "" : ", ") + one;
    return text;
}

bool is_over(ipc::State state)
{
    return state != ipc::State::pending_signin && state != ipc::State::pending_approval;
}

// Regress: the row was committed, and then what webhooks without codes are told of it.
void regress_who_is_to_approve_is_told_if_and_only_if_the_request_waits(void **)
{
    constexpr int cuts = 40;
    struct Killed {
        DiskFolder folder;
        std::unique_ptr<Process> process;
    };
    std::list<Killed> all; // all poll the provider after the same second
    for (int at = 0; at < cuts; ++at) {
        Killed &one = all.emplace_back();
        one.process = std::make_unique<Process>(one.folder);
        one.process->begin();
    }
    bool is_hit = true;
    int hits = 0;
    for (Killed &one : all) {
        if (!is_hit)
            break;
        Process &process = *one.process;
        process.run_until([&] { return process.provider.is_asked("/token"); });
        assert_true(process.requests->find_approving(some_id) == nullptr);
        disk.at = hits;
        disk.writes = 0;
        process.provider.answer("");
        process.settle();
        is_hit = disk.writes > hits;
        assert_true(is_hit || process.requests->find_approving(some_id) != nullptr);
        one.process.reset();
        disk = Disk{};
        const std::string where = "killed at write " + std::to_string(hits);
        Found found = look(one.folder, true);
        assert_true(found.row.has_value());
        const bool waits = found.row->state == ipc::State::pending_approval;
        if (found.told != found.to_tell)
            fail_because(where + ": told " + as_text(found.told) + ", not " +
                         as_text(found.to_tell));
        // The next one goes on with it, and tells nobody again; or ends it, and tells that.
        Process next{one.folder};
        next.settle();
        assert_true((next.requests->find_approving(some_id) != nullptr) == waits);
        found = look(one.folder, true);
        if (found.told != found.to_tell)
            fail_because(where + ", started again: told " + as_text(found.told) + ", not " +
                         as_text(found.to_tell));
        hits += is_hit ? 1 : 0;
    }
    assert_false(is_hit); // else there are more writes than that
    assert_true(hits > 2);
}

void what_comes_of_a_request_that_waits_is_told_at_any_kill(void **)
{
    const struct {
        const char *name;
        int quorum;
        std::chrono::seconds left;
        std::function<void(Process &)> act;
        const char *told; // when nothing breaks
    } rows[] = {
        {"one of two approves", 2, 900s,
         [](Process &process) {
             (void)process.requests->approve(some_id, {approver_oid, "bob", {}, wall_time()});
         },
         "approved"},
        // There is no helper that would grant it.
        {"the last one approves", 1, 900s,
         [](Process &process) {
             (void)process.requests->approve(some_id, {approver_oid, "bob", {}, wall_time()});
         },
         "approved, denied"},
        {"one says no", 1, 900s,
         [](Process &process) {
             (void)process.requests->deny(some_id, {approver_oid, "bob", {}, wall_time()}, "no");
         },
         "denied"},
        {"time runs out", 1, 0s, [](Process &) {}, "timed-out"},
        {"it is withdrawn", 1, 900s,
         [](Process &process) {
             (void)process.requests->cancel(some_id, ipc::Cause::cancelled, "cancelled");
         },
         "cancelled"},
    };
    for (const auto &row : rows) {
        bool is_hit = true;
        for (int at = 0; is_hit; ++at) {
            const std::string where =
                std::string{row.name} + ", killed at write " + std::to_string(at);
            const DiskFolder folder;
            {
                KeptRequest kept;
                kept.facts = make_facts(row.left);
                kept.claims.emplace();
                kept.claims->oid = requester_oid;
                kept.signed_in_oid = requester_oid;
                kept.boot_id = "boot";
                kept.provider = "https://id.example.org client";
                StoredRequest stored = make_stored(kept.facts);
                stored.state = ipc::State::pending_approval;
                stored.kept = encode_kept(kept);
                const auto store = *Store::open(folder.path + "/jit.db", 1000);
                assert_true(store->put(stored).has_value());
            }
            disk.at = at;
            disk.writes = 0;
            {
                Process process{folder, row.quorum};
                if (process.requests) {
                    row.act(process);
                    process.settle();
                }
            }
            is_hit = disk.writes > at;
            disk = Disk{};
            Found found = look(folder);
            if (found.told != found.to_tell)
                fail_because(where + ": told " + as_text(found.told) + ", not " +
                             as_text(found.to_tell));
            std::string told = as_text(found.told);
            for (std::size_t id = 0; (id = told.find(some_id)) != std::string::npos;)
                told.erase(id, std::string_view{some_id}.size() + 1);
            if (!is_hit && told != row.told)
                fail_because(where + ": told " + told);
            if (is_over(found.row->state) && told.empty())
                fail_because(where + ": it is over, and nobody is told");
            {
                Process process{folder, row.quorum};
                process.settle();
            }
            found = look(folder);
            if (found.told != found.to_tell)
                fail_because(where + ", started again: told " + as_text(found.told) + ", not " +
                             as_text(found.to_tell));
        }
    }
}

} // namespace

int main()
{
    stand_between();
    const CMUnitTest tests[] = {
        cmocka_unit_test(regress_who_is_to_approve_is_told_if_and_only_if_the_request_waits),
        cmocka_unit_test(what_comes_of_a_request_that_waits_is_told_at_any_kill),
    };
    return cmocka_run_group_tests_name("jitd/crashes_waiting", tests, nullptr, nullptr);
}
