// A host in a folder: real files, and a name service, service manager and clock that obey the test.
// Every step outward is written down and can be made to fail.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jit_grantd/grants.h"
#include "jit_grantd/group_text.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"

namespace jit::grantd::test {

inline constexpr const char *boot_one = "11111111-0000-4000-8000-000000000001";
inline constexpr const char *boot_two = "22222222-0000-4000-8000-000000000002";
inline constexpr const char *alice_oid = "aaaaaaaa-0000-4000-8000-000000000001";
inline const std::string digest_of_policy(64, 'd');
// Files of a host, with what a host's may hold besides.
inline constexpr std::string_view group_text = "root:x:0:\n"
                                               "# people\n"
                                               "jit-dba:x:2001:\n"
                                               "jit-ops:x:2002:carol,dave\n"
                                               "+::::\n"
                                               "last:x:3000:erin";
inline constexpr std::string_view gshadow_text = "root:*::\n"
                                                 "jit-dba:!::\n"
                                                 "jit-ops:!:carol:carol,dave\n"
                                                 "last:!::erin\n";

// The process is dead: thrown out of whatever it was doing.
struct Killed {
};

// What was done outside, in order, and at which step things break.
struct Script {
    std::vector<std::string> steps;
    std::vector<std::string> trace; // the same, and the records, which can't fail
    int fail_at = -1;               // the step (from 0) that fails
    bool fail_from_on = false;      // and all that follow
    int fail_errno = 0;
    int points = 0;   // moments at which the process might have been killed
    int kill_at = -1; // the moment (from 0) at which it is

    void point()
    {
        if (points++ == kill_at)
            throw Killed{};
    }
    Error error() const { return {Code::unavailable, "broken by the test", fail_errno}; }

    bool step(const std::string &what)
    {
        point();
        const int number = static_cast<int>(steps.size());
        const bool fails =
            fail_at >= 0 && (number == fail_at || (fail_from_on && number > fail_at));
        steps.push_back(what + (fails ? " FAILS" : ""));
        trace.push_back(steps.back());
        return !fails;
    }
    void clear() { *this = Script{}; }
};

struct FakeAccounts : Accounts {
    explicit FakeAccounts(Script &s, Places &p) : script(s), places(p) {}
    Result<User> find_user(const std::string &name) override
    {
        if (!users.contains(name))
            return Error{Code::not_found, "no such user"};
        return users.at(name);
    }
    Result<gid_t> find_group(const std::string &name) override
    {
        if (!groups.contains(name))
            return Error{Code::not_found, "no such group"};
        return groups.at(name);
    }
    Result<std::vector<std::string>> names_of_gid(gid_t gid) override
    {
        std::vector<std::string> names;
        for (const auto &[name, each] : groups)
            if (each == gid)
                names.push_back(name);
        return names;
    }
    Result<bool> is_member(const User &user, gid_t gid) override
    {
        if (!script.step("ask name service"))
            return script.error();
        if (user.gid == gid)
            return true;
        for (const auto &[name, each] : groups)
            if (each == gid && (is_in_userdb(user.name, name) || is_in_file(user.name, name) ||
                                elsewhere.contains(user.name + ":" + name)))
                return true;
        return false;
    }
    Result<std::vector<std::string>> local_groups(const std::string &) override { return local; }
    bool has_cache() override { return cache; }
    Result<void> flush_cache() override
    {
        ++flushes;
        if (!forgets)
            return Error{Code::timed_out, "nscd does not answer"};
        return {};
    }

    bool is_in_userdb(const std::string &user, const std::string &group) const
    {
        return answers &&
               std::filesystem::exists(places.userdb + "/" + user + ":" + group + ".membership");
    }
    bool is_in_file(const std::string &user, const std::string &group) const
    {
        std::ifstream file{places.etc + "/group"};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        return lists_member(text, {user, group});
    }

    Script &script;
    Places &places;
    std::map<std::string, User> users{{"alice", {"alice", 1000, 1000}},
                                      {"bob", {"bob", 1001, 1001}},
                                      {"backup-agent", {"backup-agent", 998, 998}},
                                      {"toor", {"toor", 0, 0}}};
    std::map<std::string, gid_t> groups{{"jit-dba", 2001}, {"jit-ops", 2002}};
    std::vector<std::string> local;
    bool answers = true;             // whether nss-systemd is in nsswitch.conf
    std::set<std::string> elsewhere; // "USER:GROUP" of another source, such as LDAP
    bool cache = false;
    bool forgets = false; // whether the cache does so when it is told to
    int flushes = 0;
};

struct FakeTimers : Timers {
    explicit FakeTimers(Script &s) : script(s) {}
    struct Steps final : Arming {
        explicit Steps(FakeTimers &t) : timers(t) {}
        Result<void> ask(const std::string &id, WallTime until,
                         BootTime::duration remaining) override
        {
            asked = id;
            return timers.set("arm ", id, until, remaining);
        }
        Result<void> await_accepted() override { return timers.wait("accept " + asked); }
        Result<void> await_running() override
        {
            if (timers.runs)
                return timers.wait("run " + asked);
            timers.ids.erase(asked);
            return Error{Code::unavailable, "it does not run"};
        }
        FakeTimers &timers;
        std::string asked;
    };
    std::unique_ptr<Arming> prepare() override
    {
        ++prepared;
        return std::make_unique<Steps>(*this);
    }
    // Whether it is armed when this fails is not known: here it is.
    Result<void> wait(const std::string &what)
    {
        if (!script.step(what))
            return script.error();
        return {};
    }
    Result<void> rearm(const std::string &id, WallTime until, BootTime::duration remaining) override
    {
        return set("rearm ", id, until, remaining);
    }
    Result<void> set(const char *how, const std::string &id, WallTime until,
                     BootTime::duration remaining)
    {
        if (!script.step(how + id))
            return script.error();
        if (remaining <= BootTime::duration::zero())
            return Error{Code::internal, "no time left"};
        ids.insert(id);
        times[id] = until;
        return {};
    }
    Result<void> disarm(const std::string &id) override
    {
        if (!script.step("disarm " + id))
            return script.error();
        ids.erase(id);
        return {};
    }
    Result<std::vector<std::string>> armed() override
    {
        if (!tells)
            return script.error();
        return std::vector<std::string>{ids.begin(), ids.end()};
    }

    Script &script;
    std::set<std::string> ids;
    std::map<std::string, WallTime> times; // when each was last set to fire
    bool tells = true;                     // whether systemd lists its timers
    bool runs = true;                      // whether it starts what it has accepted
    int prepared = 0;
};

struct FakeProcesses : Processes {
    Result<Process> look(pid_t pid) override
    {
        const auto found = running.find(pid);
        if (found == running.end())
            return Error{Code::not_found, "no such process"};
        return found->second;
    }
    Result<std::vector<Process>> list() override
    {
        std::vector<Process> out;
        for (const auto &[pid, process] : running)
            out.push_back(process);
        return out;
    }
    void await_end(const Run &run, std::chrono::milliseconds) override
    {
        if (leave_by_themselves)
            running.erase(run.pid);
    }
    std::map<pid_t, Process> running;
    bool leave_by_themselves = false; // those that are waited for
};

// Units as sets of processes; stopping one ends them.
struct FakeScopes : Scopes {
    FakeScopes(Script &s, FakeProcesses &p) : script(s), processes(p) {}
    Result<std::vector<std::string>> active() override
    {
        std::vector<std::string> names;
        for (const auto &[name, pids] : units)
            if (name.starts_with("jit-run-") && !pids.empty())
                names.push_back(name);
        return names;
    }
    Result<void> start(const Scope &scope) override
    {
        if (!script.step("scope " + scope.name) || refuses)
            return script.error();
        for (const pid_t pid : scope.pids)
            if (!processes.running.contains(pid))
                return Error{Code::unavailable, "no such process"};
        for (const pid_t pid : scope.pids) {
            for (auto &[name, pids] : units)
                pids.erase(pid);
            units[scope.name].insert(pid);
        }
        last = scope;
        return {};
    }
    Result<void> stop(const std::string &name) override
    {
        if (!script.step("stop " + name) || refuses)
            return script.error();
        for (const pid_t pid : units[name])
            processes.running.erase(pid);
        units.erase(name);
        return {};
    }
    Result<std::string> unit_of(pid_t pid) override
    {
        for (const auto &[name, pids] : units)
            if (pids.contains(pid))
                return name;
        return Error{Code::not_found, "in no unit"};
    }
    Result<std::vector<pid_t>> processes_of(const std::string &unit) override
    {
        const auto found = units.find(unit);
        if (found == units.end())
            return std::vector<pid_t>{};
        return std::vector<pid_t>{found->second.begin(), found->second.end()};
    }
    Result<void> tell(const std::string &id) override
    {
        told.push_back(id);
        return {};
    }
    Script &script;
    FakeProcesses &processes;
    std::map<std::string, std::set<pid_t>> units;
    std::optional<Scope> last;
    std::vector<std::string> told;
    bool refuses = false; // whatever is asked of it
};

struct RecordingDisk : Disk {
    explicit RecordingDisk(Script &s) : script(s) {}
    static std::string describe(const std::string &name, std::string_view bytes)
    {
        std::string what = "write " + name;
        for (const char *state : {"granting", "live", "ended"})
            if (bytes.find("\"state\":\"" + std::string{state}) != bytes.npos)
                what += std::string{" "} + state;
        if (bytes.find("\"owes_record\":true") != bytes.npos)
            what += " owing";
        return what;
    }
    Result<void> write(int directory, const std::string &name, std::string_view bytes,
                       mode_t mode) override
    {
        if (!script.step(describe(name, bytes)))
            return script.error();
        tear(directory, name, bytes);
        if (name.ends_with(".membership"))
            made.insert(name);
        if (name.ends_with(".json"))
            unsynced.clear();
        return sys::write_durable(directory, name, bytes, mode);
    }
    Result<void> write_atomic(int directory, const std::string &name, std::string_view bytes,
                              mode_t mode) override
    {
        if (!script.step(describe(name, bytes) + " unsynced"))
            return script.error();
        tear(directory, name, bytes);
        if (auto old = sys::read_small_file(directory, name, 65536))
            unsynced[name] = *std::move(old);
        return sys::write_atomic(directory, name, bytes, mode);
    }
    Result<void> replace(int directory, const std::string &name, std::string_view bytes,
                         const struct stat &old) override
    {
        if (!script.step("replace " + name))
            return script.error();
        tear(directory, name, bytes);
        return sys::replace_durable(directory, name, bytes, old);
    }
    Result<void> remove(int directory, const std::string &name) override
    {
        if (!script.step("remove " + name))
            return script.error();
        if (name.ends_with(".json"))
            unsynced.clear();
        return sys::remove_durable(directory, name);
    }
    std::vector<Result<void>> write_each(int directory, const std::vector<File> &files,
                                         mode_t mode) override
    {
        std::vector<Result<void>> done;
        for (const File &file : files) {
            if (script.step(describe(file.name, file.bytes))) {
                tear(directory, file.name, file.bytes);
                done.push_back(sys::write_durable(directory, file.name, file.bytes, mode));
            } else {
                done.emplace_back(script.error());
            }
        }
        sync(directory, files.size());
        return done;
    }
    std::vector<Result<void>> remove_each(int directory,
                                          const std::vector<std::string> &names) override
    {
        std::vector<Result<void>> done;
        for (const std::string &name : names) {
            if (!script.step("remove " + name)) {
                done.emplace_back(script.error());
                continue;
            }
            const auto taken = sys::take_file_away(directory, name);
            done.push_back(taken ? Result<void>{} : Result<void>{taken.error()});
        }
        sync(directory, names.size());
        return done;
    }
    void sync(int directory, std::size_t count)
    {
        if (count == 0)
            return;
        if (count > 1)
            script.point(); // one is a step of its own
        ++syncs;
        unsynced.clear();
        (void)sys::sync_directory(directory);
    }
    // What a kill within a write leaves.
    void tear(int directory, const std::string &name, std::string_view bytes)
    {
        try {
            script.point();
        } catch (const Killed &) {
            (void)sys::write_durable(directory, "." + name + ".jit-0123456789abcdef",
                                     bytes.substr(0, bytes.size() / 2), 0600);
            throw;
        }
    }
    Script &script;
    std::set<std::string> made;                  // every membership that ever was
    std::map<std::string, std::string> unsynced; // entries that a power cut would bring back
    int syncs = 0; // of a directory, for what was changed many at once
};

struct FakeRules : Rules {
    void keep_good() override {}
    Answer<RuleSet> read() override
    {
        if (!refusal.empty())
            return Refusal{Refusal::Kind::misconfigured, refusal};
        RuleSet read = set;
        read.policy = std::make_shared<const policy::Policy>(policy);
        return read;
    }
    policy::Policy policy;
    RuleSet set; // the rest of it
    std::string refusal;
};

struct FakeRecords : Records {
    explicit FakeRecords(Script &s) : script(s) {}
    void record(Event event, const Entry &entry) override
    {
        script.point();
        static const char *const names[] = {"granted", "extended",   "expired",   "dropped",
                                            "revoked", "reconciled", "terminated"};
        events.push_back(std::string{names[static_cast<int>(event)]} + " " + entry.id);
        script.trace.push_back("record " + events.back());
    }
    void log(int, const std::string &text) override { lines.push_back(text); }
    Script &script;
    std::vector<std::string> events;
    std::vector<std::string> lines;
};

struct FakeClocks : Clocks {
    Now now() override { return time; }
    Now time{WallTime{std::chrono::seconds{1'800'000'000}}, BootTime{std::chrono::hours{1}}};
};

inline policy::Role make_role(const std::string &name, std::vector<std::string> groups)
{
    policy::Role role;
    role.name = name;
    role.groups = std::move(groups);
    role.requesters = {{policy::Requester::Kind::user, alice_oid}};
    role.accounts = {{false, "*"}};
    role.max_duration = std::chrono::hours{1};
    role.conditions.zone = std::make_shared<Zone>(Zone{"UTC", {}, {}});
    return role;
}

class World
{
  public:
    World()
    {
        // In memory, where there is such: thousands of syncs are waited for.
        folder = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
        folder += "/jit-grantd-test-XXXXXX";
        if (mkdtemp(folder.data()) == nullptr)
            abort();
        places = {folder + "/policy.d", folder + "/jitd.toml", folder + "/masks", folder + "/state",
                  folder + "/run",      folder + "/userdb",    folder + "/etc"};
        std::filesystem::create_directory(places.masks);
        std::filesystem::create_directory(places.etc);
        put(places.etc + "/group", group_text);
        put(places.etc + "/gshadow", gshadow_text);
        rules.set.config.backend = usual_backend;
        if (usual_backend == policy::Config::Backend::etc_group)
            note_reconciled();
        rules.set.digest = digest_of_policy;
        rules.set.config.users = {{"alice", alice_oid}};
        rules.policy.roles = {make_role("dba", {"jit-dba"}),
                              make_role("ops", {"jit-dba", "jit-ops"})};
    }
    ~World() { std::filesystem::remove_all(folder); }
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    // As a process that starts now would have it.
    Grants grants(std::chrono::milliseconds patience = std::chrono::milliseconds{200})
    {
        return {places,
                {accounts, timers, processes, scopes, disk, rules, records, clocks, boot},
                patience};
    }
    static ipc::GrantCall call(char last, const std::string &role = "dba", int seconds = 600)
    {
        return {std::string(15, '0') + last,   "alice",         role, alice_oid,
                std::chrono::seconds{seconds}, digest_of_policy};
    }
    static ipc::GrantCall longer(char last, int seconds)
    {
        return {std::string(15, '0') + last,   "alice",         "dba", alice_oid,
                std::chrono::seconds{seconds}, digest_of_policy};
    }
    static std::string id(char last) { return std::string(15, '0') + last; }

    bool has_file(const std::string &path) const { return std::filesystem::exists(path); }
    bool is_member(const std::string &group) const
    {
        return has_file(places.userdb + "/alice:" + group + ".membership") ||
               accounts.is_in_file("alice", group);
    }
    // By the administrator's hand, where this world's memberships are.
    void give(const std::string &group) const
    {
        if (usual_backend == policy::Config::Backend::userdb)
            return put(places.userdb + "/alice:" + group + ".membership", "{}\n");
        put(places.etc + "/group", *add_member(get(places.etc + "/group"), {"alice", group}));
    }
    void take(const std::string &group) const
    {
        std::filesystem::remove(places.userdb + "/alice:" + group + ".membership");
        put(places.etc + "/group", remove_member(get(places.etc + "/group"), {"alice", group}));
    }
    void put(const std::string &path, std::string_view text) const;
    std::string get(const std::string &path) const;
    std::vector<std::string> names(const std::string &path) const
    {
        std::vector<std::string> out;
        if (std::filesystem::exists(path))
            for (const auto &entry : std::filesystem::directory_iterator(path))
                out.push_back(entry.path().filename());
        std::sort(out.begin(), out.end());
        return out;
    }
    // No membership, timer or ledger entry.
    bool is_clean() const
    {
        return get(places.etc + "/group") == group_text &&
               get(places.etc + "/gshadow") == gshadow_text && names(places.userdb).empty() &&
               names(places.state + "/grants").empty() && timers.ids.empty();
    }
    void pass(std::chrono::seconds time)
    {
        clocks.time.wall += time;
        clocks.time.boot += time;
    }
    // As the first reconcile of a boot leaves it.
    void note_reconciled() const
    {
        std::filesystem::create_directories(places.run);
        put(places.run + "/reconciled", boot + "\n");
    }
    void reboot()
    {
        boot = boot_two;
        std::filesystem::remove_all(places.userdb);
        std::filesystem::remove_all(places.run);
        timers.ids.clear();
        processes.running.clear();
        scopes.units.clear();
        clocks.time.boot = BootTime{std::chrono::seconds{20}};
        clocks.time.wall += std::chrono::seconds{40};
    }

    void cut_power()
    {
        for (const auto &[name, text] : disk.unsynced)
            put(places.state + "/grants/" + name, text);
        disk.unsynced.clear();
        reboot();
    }

    // What a world is configured to. Not auto, whose probe is a step of its own.
    inline static policy::Config::Backend usual_backend = policy::Config::Backend::userdb;

    std::string folder;
    Places places;
    std::string boot = boot_one;
    Script script;
    FakeAccounts accounts{script, places};
    FakeTimers timers{script};
    FakeProcesses processes;
    FakeScopes scopes{script, processes};
    RecordingDisk disk{script};
    FakeRules rules;
    FakeRecords records{script};
    FakeClocks clocks;
};

inline void World::put(const std::string &path, std::string_view text) const
{
    FILE *const file = fopen(path.c_str(), "we");
    (void)fwrite(text.data(), 1, text.size(), file);
    (void)fclose(file);
}

inline std::string World::get(const std::string &path) const
{
    std::string text(65536, '\0');
    FILE *const file = fopen(path.c_str(), "re");
    if (file == nullptr)
        return {};
    text.resize(fread(text.data(), 1, text.size(), file));
    (void)fclose(file);
    return text;
}

} // namespace jit::grantd::test
