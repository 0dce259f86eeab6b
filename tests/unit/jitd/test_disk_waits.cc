// How often somebody who has signed in waits for the disk until the root helper is asked, and that
// nothing is done for him that the disk has not taken.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <sys/socket.h>

#include <sqlite3.h>

#include "jitd/requests.h"
#include "lib/ipc/frame.h"
#include "lib/sys/varlink_server.h"
#include "policy/parse.h"
#include "tests/unit/jitd/counted_waits.h"
#include "tests/unit/jitd/prompt_provider.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000001";
constexpr const char *tenant = "7e4a0000-0000-4000-8000-000000000001";
constexpr const char *group_oid = "9a000000-0000-4000-8000-000000000001";
constexpr const char *some_id = "0123456789abcdef";

int group_files_read = 0;

enum class Known {
    by_id,
    by_name // and pinned just then
};

// The daemon, with a person who is about to be known: the provider has been asked for his token.
struct World {
    explicit World(Known known, const std::string &requester = std::string{"user:"} + alice_oid,
                   policy::Config::Pin pin = policy::Config::Pin::first)
        : loop(*sys::make_loop()), provider(alice_oid)
    {
        waits = Waits{};
        store = *Store::open(path("jit.db"), 1000);
        audit = std::make_unique<Audit>(*store);
        pins = std::make_unique<Pins>(*store);
        helper = std::make_unique<GrantClient>(loop.get(), path("helper"));
        grants = *Grants::make(loop.get(), *store, *audit, *helper, "boot",
                               [](std::string_view, std::string_view) { return true; });
        settings.config.emplace();
        settings.config->pin = pin;
        settings.expected = PromptProvider::expected();
        settings.expected.is_entra = true;
        settings.expected.tenant = tenant;
        settings.expected.graph_hosts = {"graph.example.org"};
        settings.expected.scopes = {"openid", "https://graph.example.org/User.Read"};
        provider.more_claims = std::string{R"("ver":"2.0","nbf":1,"acct":0,"tid":")"} + tenant +
                               R"(","oid":")" + alice_oid +
                               R"(","preferred_username":"alice@contoso.com")";
        const std::vector<policy::SourceFile> files{
            {"a.toml",
             "[role.web]\ngroups = [\"jit-web\"]\nmax_duration = \"1h\"\nrequesters = [\"" +
                 requester + "\"]\n"}};
        settings.policy = policy::parse_policy(files).policy;
        assert_true(settings.policy.has_value());
        requests =
            *Requests::make({loop.get(), *store, *audit, *grants, *helper, settings, *pins, [] {}});
        requests->set_provider(&provider);
        answers =
            serve("helper", "io.jitd.Grant", [this](const auto &exchange) { grant(exchange); });
        server = serve("socket", "io.jitd.Elevation", [this, known](const auto &exchange) {
            requests->begin_or_join(make_facts(known), exchange);
        });
        asking = *sys::connect_unix(path("socket"));
        const std::string frame =
            *ipc::encode_call(ipc::method::request, ipc::Json{json_object()}.get(), true, false);
        assert_int_equal(send(asking.get(), frame.data(), frame.size(), MSG_NOSIGNAL),
                         frame.size());
        run_until([this] { return provider.is_asked("/discovery"); });
        provider.answer("/token");
        run_until([this] { return provider.is_asked("/token"); });
        assert_true(waits.is_all_on_disk());
    }
    ~World()
    {
        server.reset();
        answers.reset();
        requests.reset();
    }
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    std::string path(const char *name) const { return folder.path + "/" + name; }
    std::unique_ptr<sys::VarlinkServer>
    serve(const char *name, const char *interface,
          const std::function<void(const std::shared_ptr<sys::Exchange> &)> &answer)
    {
        return *sys::VarlinkServer::make(loop.get(), sys::test::listen_at(path(name)),
                                         {"test", interface, ""}, {8, 0, 8, 2s}, answer);
    }
    static RequestFacts make_facts(Known known)
    {
        RequestFacts facts;
        facts.id = some_id;
        facts.role = "web";
        facts.user = "nobody";
        facts.uid = 65534;
        if (known == Known::by_id)
            facts.oid = alice_oid;
        else
            facts.upn = "alice@contoso.com";
        facts.groups = {"jit-web"};
        facts.duration = 3600s;
        facts.origin = {"", "pts/9", 77, ""};
        facts.host = "web01";
        facts.began = read_clocks();
        facts.deadline = facts.began.boot + 900s;
        facts.deadline_wall = facts.began.wall + 900s;
        return facts;
    }
    void grant(const std::shared_ptr<sys::Exchange> &exchange)
    {
        ++asked_helper;
        seen = look();
        is_pinned_when_asked = pins->find("nobody") != nullptr;
        exchange->reply(
            ipc::encode(ipc::GrantReply{wall_time(), wall_time() + 3600s, {"jit-web"}}));
    }

    // What another process would find: what is only held is not there.
    std::string look() const
    {
        sqlite3 *opened = nullptr;
        assert_int_equal(sqlite3_open(path("jit.db").c_str(), &opened), SQLITE_OK);
        const Handle<sqlite3, &sqlite3_close> db{opened};
        std::string found;
        const auto add = [](void *into, int, char **columns, char **) {
            *static_cast<std::string *>(into) += std::string{columns[0]} + " ";
            return 0;
        };
        for (const char *sql :
             {"SELECT event FROM audit ORDER BY seq", "SELECT 'pin:' || user FROM pin",
              "SELECT 'asked:' || asked_helper FROM request"})
            assert_int_equal(sqlite3_exec(db.get(), sql, add, &found, nullptr), SQLITE_OK);
        return found;
    }
    void run_until(const std::function<bool()> &is_there)
    {
        for (const BootTime until = boot_time() + 5s; !is_there();) {
            assert_true(boot_time() < until);
            (void)sd_event_run(loop.get(), 5000);
        }
    }
    // The yes: from here on the waits are counted.
    void sign_in()
    {
        waits.count = 0;
        group_files_read = 0;
        provider.answer("");
    }
    // What he is told last.
    std::optional<ipc::Cause> told()
    {
        ipc::FrameReader reader;
        std::optional<ipc::Reply> last;
        run_until([&] {
            char chunk[65536];
            const ssize_t got = recv(asking.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got > 0)
                assert_true(reader.add({chunk, static_cast<std::size_t>(got)}).has_value());
            while (const auto whole = reader.next())
                last = *ipc::decode_reply(*whole);
            return last && !last->continues;
        });
        return ipc::decode_request_reply(last->parameters.get())->cause;
    }
    bool is_over() const { return requests->find(some_id) == nullptr; }
    bool has_pin() const { return look().find("pin:") != std::string::npos; }
    bool has(const char *event) const { return look().find(event) != std::string::npos; }

    DiskFolder folder;
    sys::Loop loop;
    PromptProvider provider;
    Settings settings;
    std::unique_ptr<Store> store;
    std::unique_ptr<Audit> audit;
    std::unique_ptr<Pins> pins;
    std::unique_ptr<GrantClient> helper;
    std::unique_ptr<Grants> grants;
    std::unique_ptr<Requests> requests;
    std::unique_ptr<sys::VarlinkServer> answers;
    std::unique_ptr<sys::VarlinkServer> server;
    Fd asking;
    int asked_helper = 0;
    std::string seen; // when it was
    bool is_pinned_when_asked = false;
};

void a_yes_waits_for_the_disk_once_until_the_helper_is_asked(void **)
{
    const struct {
        Known known;
        const char *seen;
    } rows[] = {
        {Known::by_id, "requested code-issued signed-in approved asked:1 "},
        {Known::by_name,
         "requested code-issued signed-in config-changed approved pin:nobody asked:1 "},
    };
    for (const auto &row : rows) {
        World world{row.known};
        world.sign_in();
        assert_int_equal(waits.count, 1);
        assert_true(waits.is_all_on_disk());
        assert_int_equal(world.asked_helper, 0);
        world.run_until([&] { return world.is_over(); });
        assert_int_equal(world.asked_helper, 1);
        assert_text(world.seen, row.seen);
        assert_true(world.is_pinned_when_asked == (row.known == Known::by_name));
        assert_int_equal(waits.count, 2); // and the grant
        assert_true(world.has("granted"));
        assert_int_equal(world.grants->table().size(), 1);
        assert_int_equal(group_files_read, 1);
    }
}

void where_the_disk_fails_at_that_nobody_is_granted_anything_or_pinned(void **)
{
    for (const Known known : {Known::by_id, Known::by_name}) {
        World world{known};
        const std::string before = world.look();
        waits.failures_left = 1000;
        world.sign_in();
        assert_true(world.is_over());
        assert_true(world.told() == ipc::Cause::failed);
        assert_null(world.pins->find("nobody"));
        assert_true(world.store->read_pins()->empty());
        assert_text(world.look(), before);
        waits.failures_left = 0;
        for (int i = 0; i < 20; ++i)
            (void)sd_event_run(world.loop.get(), 2000);
        assert_int_equal(world.asked_helper, 0);
        assert_int_equal(world.grants->table().size(), 0);
        // Its disk is back.
        AuditRecord record;
        record.event = Event::used;
        assert_true(world.audit->write(record));
        assert_true(
            world.pins->put({"nobody", alice_oid, "alice@contoso.com", {}, false}).has_value());
        assert_true(world.has_pin());
    }
}

// A disk that fails some times: who is pinned has his record, and who is granted something has all
// of them.
void however_often_it_fails_a_pin_has_its_record_and_a_grant_all_of_them(void **)
{
    for (int failures = 1; failures <= 6; ++failures) {
        World world{Known::by_name};
        waits.failures_left = failures;
        world.sign_in();
        world.run_until([&] { return world.is_over(); });
        waits.failures_left = 0;
        assert_int_equal(world.asked_helper, 0);
        assert_true(world.has_pin() == world.has("config-changed"));
        assert_true(world.has_pin() == (world.pins->find("nobody") != nullptr));
    }
}

// So it was when each was written by itself.
void who_waits_for_root_is_pinned_when_he_is_told_so(void **)
{
    World world{Known::by_name, std::string{"user:"} + alice_oid, policy::Config::Pin::root};
    world.sign_in();
    assert_true(world.is_over());
    assert_true(world.told() == ipc::Cause::refused);
    assert_non_null(world.pins->find("nobody"));
    assert_true(world.has("config-changed denied pin:nobody"));
    assert_true(waits.is_all_on_disk());

    World failing{Known::by_name, std::string{"user:"} + alice_oid, policy::Config::Pin::root};
    waits.failures_left = 1000;
    failing.sign_in();
    assert_true(failing.is_over());
    assert_true(failing.told() == ipc::Cause::failed);
    assert_null(failing.pins->find("nobody"));
    assert_false(failing.has_pin());
    waits.failures_left = 0;
}

void who_is_looked_up_is_on_disk_before_graph_is_asked(void **)
{
    for (const bool fails : {false, true}) {
        World world{Known::by_name, std::string{"group:"} + group_oid};
        bool was_on_disk = false;
        std::string seen;
        world.provider.on_sent = [&](std::string_view url) {
            if (!url.ends_with("/checkMemberGroups"))
                return;
            was_on_disk = waits.is_all_on_disk();
            seen = world.look();
        };
        waits.failures_left = fails ? 1000 : 0;
        waits.count = 0;
        world.provider.answer("/checkMemberGroups");
        assert_true(world.provider.is_asked("/checkMemberGroups"));
        waits.failures_left = 0;
        assert_text(seen,
                    fails ? "requested code-issued asked:0 "
                          : "requested code-issued signed-in config-changed pin:nobody asked:0 ");
        if (!fails) {
            assert_true(was_on_disk);
            assert_int_equal(waits.count, 1);
        }
        assert_true((world.pins->find("nobody") == nullptr) == fails);
        // The disk is back when the answer comes: he still has no record.
        world.provider.graph_answer = R"({"value":[")" + std::string{group_oid} + R"("]})";
        world.provider.answer("");
        world.run_until([&] { return world.is_over(); });
        assert_int_equal(world.asked_helper, fails ? 0 : 1);
        assert_true(world.has("denied") == fails);
    }
}

} // namespace

// Whoever looks for somebody's groups reads them there.
extern "C" [[gnu::visibility("default")]] FILE *fopen(const char *path, const char *mode)
{
    group_files_read += std::string_view{path} == "/etc/group" ? 1 : 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    return file < 0 ? nullptr : fdopen(file, mode);
}

int main()
{
    stand_between();
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_yes_waits_for_the_disk_once_until_the_helper_is_asked),
        cmocka_unit_test(where_the_disk_fails_at_that_nobody_is_granted_anything_or_pinned),
        cmocka_unit_test(however_often_it_fails_a_pin_has_its_record_and_a_grant_all_of_them),
        cmocka_unit_test(who_waits_for_root_is_pinned_when_he_is_told_so),
        cmocka_unit_test(who_is_looked_up_is_on_disk_before_graph_is_asked),
    };
    return cmocka_run_group_tests_name("jitd/disk_waits", tests, nullptr, nullptr);
}
