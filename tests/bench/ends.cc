// What the end of a thousand grants in one second costs the root helper, beside ledgers of some
// size: how long its reading takes, when every membership is gone, and when all is written.
//   ends [FOLDER]    a new folder is made in it (/var/tmp), on whose disk it depends
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "jit_grantd/durable_disk.h"
#include "jit_grantd/grants.h"

using namespace jit;
using namespace jit::grantd;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t live = 1000;
constexpr const char *boot = "11111111-0000-4000-8000-000000000001";
constexpr WallTime began{1'800'000'000s};

struct NoAccounts : Accounts {
    Result<User> find_user(const std::string &) override { return Error{Code::not_found, "none"}; }
    Result<gid_t> find_group(const std::string &) override
    {
        return Error{Code::not_found, "none"};
    }
    Result<std::vector<std::string>> names_of_gid(gid_t) override
    {
        return std::vector<std::string>{};
    }
    Result<bool> is_member(const User &, gid_t) override { return false; }
    Result<std::vector<std::string>> local_groups(const std::string &) override
    {
        return std::vector<std::string>{};
    }
    bool has_cache() override { return false; }
    Result<void> flush_cache() override { return {}; }
};
struct NoTimers : Timers {
    struct NoArming : Arming {
        Result<void> ask(const std::string &, WallTime, BootTime::duration) override { return {}; }
        Result<void> await_accepted() override { return {}; }
        Result<void> await_running() override { return {}; }
    };
    std::unique_ptr<Arming> prepare() override { return std::make_unique<NoArming>(); }
    Result<void> rearm(const std::string &, WallTime, BootTime::duration) override { return {}; }
    Result<void> disarm(const std::string &) override { return {}; }
    Result<std::vector<std::string>> armed() override { return std::vector<std::string>{}; }
};
struct NoProcesses : Processes {
    Result<Process> look(pid_t) override { return Error{Code::not_found, "none"}; }
    Result<std::vector<Process>> list() override { return std::vector<Process>{}; }
    void await_end(const Run &, std::chrono::milliseconds) override {}
};
struct NoScopes : Scopes {
    Result<std::vector<std::string>> active() override { return std::vector<std::string>{}; }
    Result<void> start(const Scope &) override { return {}; }
    Result<void> stop(const std::string &) override { return {}; }
    Result<std::string> unit_of(pid_t) override { return Error{Code::not_found, "none"}; }
    Result<std::vector<pid_t>> processes_of(const std::string &) override
    {
        return std::vector<pid_t>{};
    }
    Result<void> tell(const std::string &) override { return {}; }
};
struct NoRules : Rules {
    Answer<RuleSet> read() override { return refuse("none"); }
    void keep_good() override {}
};
struct NoRecords : Records {
    void record(Event, const Entry &) override {}
    void log(int, const std::string &text) override { (void)fprintf(stderr, "%s\n", text.c_str()); }
};
struct Later : Clocks {
    Now now() override { return {began + 60s, BootTime{120s}}; }
};
struct WatchedDisk : DurableDisk {
    std::vector<Result<void>> remove_each(int directory,
                                          const std::vector<std::string> &names) override
    {
        auto done = DurableDisk::remove_each(directory, names);
        if (gone == Clock::time_point{})
            gone = Clock::now();
        return done;
    }
    Clock::time_point gone;
};

void put(const std::string &path, const std::string &text)
{
    FILE *const file = fopen(path.c_str(), "we");
    if (file == nullptr || fwrite(text.data(), 1, text.size(), file) != text.size() ||
        fclose(file) != 0)
        exit(1);
}

void fill(const Places &places, std::size_t ended)
{
    for (std::size_t i = 0; i < live + ended; ++i) {
        char id[17];
        (void)snprintf(id, sizeof id, "%016zx", i * 2654435761U);
        Entry entry;
        entry.id = id;
        entry.user = "user" + std::to_string(i);
        entry.uid = static_cast<uid_t>(5000 + i);
        entry.role = "web-administrator";
        entry.parts = {{"jit-web", false}, {"jit-logs", false}};
        entry.oid = "aaaaaaaa-0000-4000-8000-000000000001";
        entry.policy = std::string(64, 'd');
        entry.since = began;
        entry.until = began + 60s;
        entry.boot_id = boot;
        entry.since_boot = BootTime{60s};
        entry.until_boot = BootTime{120s};
        entry.state = i < live ? Entry::State::live : Entry::State::ended;
        if (i < live) {
            for (const Part &part : entry.parts)
                put(places.userdb + "/" + entry.user + ":" + part.group + ".membership", "{}\n");
        } else {
            entry.cause = "expired";
            entry.ended = entry.until;
        }
        put(places.state + "/grants/" + entry.id + ".json", *encode_entry(entry));
    }
}

double ms(Clock::time_point from, Clock::time_point to)
{
    return std::chrono::duration<double, std::milli>(to - from).count();
}

void measure(const std::string &in, std::size_t ended)
{
    std::string folder = in + "/jit-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr)
        exit(1);
    std::string userdb = "/dev/shm/jit-bench-XXXXXX"; // as /run is
    if (mkdtemp(userdb.data()) == nullptr)
        exit(1);
    const Places places{folder + "/policy.d", folder + "/jitd.toml", folder + "/masks",
                        folder + "/state",    userdb + "/run",       userdb};
    std::filesystem::create_directories(places.state + "/grants");
    fill(places, ended);
    ::sync(); // what was laid there is no part of it
    NoAccounts accounts;
    NoTimers timers;
    NoProcesses processes;
    NoScopes scopes;
    WatchedDisk disk;
    NoRules rules;
    NoRecords records;
    Later clocks;
    Grants grants{places,
                  {accounts, timers, processes, scopes, disk, rules, records, clocks, boot}};
    const auto start = Clock::now();
    const auto read = Ledger::read(places, disk);
    const auto has_read = Clock::now();
    if (!read || read->entries().size() != live + ended || !grants.expire("ffffffffffffffff"))
        exit(1);
    const auto over = Clock::now();
    (void)printf("%6zu ended ones beside: read %6.1f ms; every membership gone after %6.1f ms, all "
                 "written after %7.1f ms\n",
                 ended, ms(start, has_read), ms(has_read, disk.gone), ms(has_read, over));
    std::filesystem::remove_all(folder);
    std::filesystem::remove_all(userdb);
}

} // namespace

int main(int argc, char **argv)
{
    (void)printf("%zu grants of two groups end in one second\n", live);
    for (const std::size_t ended : {0U, 3000U, 9000U})
        measure(argc > 1 ? argv[1] : "/var/tmp", ended);
}
