// What the helper asks of the world around it, each behind an interface: the rules for granting and
// ending are tested without systemd, name service or a full disk.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

#include "jit_grantd/answer.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ledger/entry.h"
#include "lib/sys/durable.h"
#include "policy/config.h"
#include "policy/model.h"

namespace jit::grantd {

using ledger::Backend;
using ledger::Entry;
using ledger::name_of;
using ledger::Part;
using ledger::Run;
using ledger::wire_bytes;

// Users and groups, as the name service has them now.
class Accounts
{
  public:
    struct User {
        std::string name;
        uid_t uid = 0;
        gid_t gid = 0;
    };

    virtual ~Accounts() = default;
    // Errors: not_found; unavailable.
    virtual Result<User> find_user(const std::string &name) = 0;
    virtual Result<gid_t> find_group(const std::string &name) = 0;
    // Every group name that is known to have this gid.
    virtual Result<std::vector<std::string>> names_of_gid(gid_t gid) = 0;
    // Whether a new session of the user would be in the group.
    virtual Result<bool> is_member(const User &user, gid_t group) = 0;
    // The groups of the host's own group file.
    virtual Result<std::vector<std::string>> local_groups(const std::string &user) = 0;
    // Whether a cache (nscd) stands before the name service: it would hide the end of a membership.
    virtual bool has_cache() = 0;
    // Has it forget what it knows of groups. Errors: unavailable; timed_out.
    virtual Result<void> flush_cache() = 0;
};

// One timer for each grant, kept by the service manager.
class Timers
{
  public:
    virtual ~Timers() = default;
    // One timer that is armed step by step, for who has something else to do meanwhile. Errors:
    // unavailable; then it may be armed or not.
    class Arming
    {
      public:
        Arming() = default;
        Arming(const Arming &) = delete;
        Arming &operator=(const Arming &) = delete;
        virtual ~Arming() = default;
        // Asks for both clocks: whichever comes first ends the grant. From here on it is armed, or
        // refused, whatever becomes of us.
        //   remaining  above zero
        virtual Result<void> ask(const std::string &id, WallTime until,
                                 BootTime::duration remaining) = 0;
        // After that: waits until the service manager has taken it, and is about to start it.
        virtual Result<void> await_accepted() = 0;
        // After that: waits until it runs. One that was accepted may still be refused, say for want
        // of what it is to start.
        virtual Result<void> await_running() = 0;
    };
    // Says that one will be asked for: the service manager greets meanwhile. Never null; what fails
    // is told by ask().
    virtual std::unique_ptr<Arming> prepare() = 0;
    // All of it.
    Result<void> arm(const std::string &id, WallTime until, BootTime::duration remaining);
    // Replaces the times of one that may be armed: whoever comes too late for the old ones hits
    // nothing that is not due (Grants::expire). Errors: unavailable; then it may be armed or not.
    virtual Result<void> rearm(const std::string &id, WallTime until,
                               BootTime::duration remaining) = 0;
    // Absent is fine.
    virtual Result<void> disarm(const std::string &id) = 0;
    // Many at once, each tried whatever becomes of the others; the answers are in their order.
    virtual std::vector<Result<void>> disarm_each(const std::vector<std::string> &ids);
    // The ids of all that are armed.
    virtual Result<std::vector<std::string>> armed() = 0;
};

// One process of this host (proc(5)).
struct Process {
    pid_t pid = 0;
    std::uint64_t start = 0; // clock ticks after boot
    uid_t real = 0;
    uid_t effective = 0;
    std::vector<gid_t> groups; // effective and supplementary
    std::string name;          // as the kernel has it: whatever the process calls itself

    bool is_of(uid_t uid) const { return real == uid || effective == uid; }
};

class Processes
{
  public:
    virtual ~Processes() = default;
    // Errors: not_found; unavailable.
    virtual Result<Process> look(pid_t pid) = 0;
    // All that there are. Errors: unavailable.
    virtual Result<std::vector<Process>> list() = 0;
    // Waits until it is over, or for so long.
    virtual void await_end(const Run &run, std::chrono::milliseconds patience) = 0;
};

// What the service manager keeps together, and ends together: scopes of ours (systemd.scope(5)).
class Scopes
{
  public:
    struct Scope {
        std::string name; // jit-run-ID-....scope
        std::vector<pid_t> pids;
        std::optional<std::chrono::seconds> left; // until the service manager ends it by itself
        std::chrono::seconds grace{};             // from SIGTERM to SIGKILL
    };

    virtual ~Scopes() = default;
    // Those of ours that have processes and are not being stopped. Errors: unavailable.
    virtual Result<std::vector<std::string>> active() = 0;
    // Moves processes into a new one, with all that they start from then on, and returns when they
    // are there. Errors: unavailable, also when one of them has gone.
    virtual Result<void> start(const Scope &scope) = 0;
    // Without waiting for its end. Absent is fine. Errors: unavailable.
    virtual Result<void> stop(const std::string &name) = 0;
    // The unit that a process is in. Errors: not_found: it is in none; unavailable.
    virtual Result<std::string> unit_of(pid_t pid) = 0;
    // All in a unit; empty where there is no such. Errors: unavailable.
    virtual Result<std::vector<pid_t>> processes_of(const std::string &unit) = 0;
    // Starts what tells the grant's user at his terminals how it stands (tell.h), without waiting.
    virtual Result<void> tell(const std::string &id) = 0;
};

// Writes and removals that must be durable.
class Disk
{
  public:
    virtual ~Disk() = default;
    virtual Result<void> write(int directory, const std::string &name, std::string_view bytes,
                               mode_t mode) = 0;
    // Whole, though a power cut may bring the old file back (sys::write_atomic()).
    virtual Result<void> write_atomic(int directory, const std::string &name,
                                      std::string_view bytes, mode_t mode) = 0;
    // Over a file that was looked at, with its owner and mode (sys::replace_durable()).
    virtual Result<void> replace(int directory, const std::string &name, std::string_view bytes,
                                 const struct stat &old) = 0;
    virtual Result<void> remove(int directory, const std::string &name) = 0;

    using File = sys::NamedBytes;
    // Many files of one directory, which need be synced but once. Each is tried, whatever becomes
    // of the others; the answers are in their order.
    virtual std::vector<Result<void>> write_each(int directory, const std::vector<File> &files,
                                                 mode_t mode);
    virtual std::vector<Result<void>> remove_each(int directory,
                                                  const std::vector<std::string> &names);
};

// The policy that holds now.
struct RuleSet {
    std::shared_ptr<const policy::Policy> policy; // never null
    policy::Config config;
    std::string digest;        // SHA-256 of the policy files' canonical text
    bool is_last_good = false; // the files of now have a fault
};

class Rules
{
  public:
    virtual ~Rules() = default;
    virtual Answer<RuleSet> read() = 0;
    // Keeps the policy as the last good one, if it is without fault, and says nothing if it is not:
    // asked at every reconcile, so that a set that was in force is known though nobody used it.
    virtual void keep_good() = 0;
};

// Records for the audit, and lines for the administrator.
class Records
{
  public:
    enum class Event {
        granted,
        extended,
        expired,
        dropped,
        revoked,
        reconciled,
        terminated,
    };
    virtual ~Records() = default;
    virtual void record(Event event, const Entry &entry) = 0;
    virtual void log(int priority, const std::string &text) = 0;
};

class Clocks
{
  public:
    virtual ~Clocks() = default;
    virtual Now now() = 0;
};

// Borrowed by who is given it.
struct Outside {
    Accounts &accounts;
    Timers &timers;
    Processes &processes;
    Scopes &scopes;
    Disk &disk;
    Rules &rules;
    Records &records;
    Clocks &clocks;
    std::string boot_id;
};

} // namespace jit::grantd
