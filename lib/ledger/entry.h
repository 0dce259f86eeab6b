// One grant as the root ledger holds it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace jit::ledger {

// By which way memberships are made (backends.h).
enum class Backend {
    userdb,
    etc_group,
};
std::string_view name_of(Backend backend);

// One group of a grant.
struct Part {
    std::string group;
    bool was_there = false; // a membership of other hands: it is not ours to remove
};

// A process that was opened a session under a grant, and asked to end with it.
struct Run {
    pid_t pid = 0;
    std::uint64_t start = 0; // clock ticks after boot (proc(5), stat field 22): no other has both
};

struct Entry {
    enum class State {
        granting, // written before anything is made: a crash leaves this
        live,
        ended,
    };

    std::string id;
    std::string user;
    uid_t uid = 0;
    std::string role;
    std::vector<Part> parts;
    Backend backend = Backend::userdb; // of all its parts
    std::string oid;
    std::string policy; // SHA-256 of the policy set that allowed it
    WallTime since;
    WallTime until;
    std::string boot_id; // the two times below are of this boot
    BootTime since_boot;
    BootTime until_boot;
    State state = State::granting;
    std::string cause;             // of the end; empty before
    std::optional<WallTime> ended; // set when ended
    bool is_used = false;          // the one session that it was for has been opened
    bool is_extended = false;      // beyond its first end, for which a timer may still come
    // How much later than its end its own timer is set: others of the same second are exact, and
    // the first shot ends them all (spread.h).
    std::chrono::seconds timer_late{};
    bool owes_record = false; // of its end or extension: the journal may not know it yet
    // From SIGTERM to SIGKILL for what runs under it at its end; absent: that runs on.
    std::optional<std::chrono::seconds> grace;
    std::vector<Run> runs; // only with a grace
    bool owes_end = false; // it has ended, and not all that runs under it could be told to
    std::vector<std::string> processes; // that held a group at its end, or were ended; for records

    bool is_ended() const { return state == State::ended; }
    // Past its end by either clock, or of an earlier boot.
    bool is_due(const Now &now, std::string_view boot) const;
    bool has_group(std::string_view group) const;
    // Whether the membership of this group was made for this grant.
    bool made(std::string_view group) const;
    std::vector<std::string> groups() const;
};

// How many live ones with this end have a timer that is exact.
std::size_t count_exact(const std::vector<Entry> &entries, WallTime until);

// An upper bound of what an entry takes in the reply to List, in bytes: names hold no character
// that JSON would escape.
std::size_t wire_bytes(std::string_view user, std::string_view role,
                       const std::vector<std::string> &groups);

// The file of a grant in the ledger's folder: ID.json.
std::string file_of(const std::string &id);

// JSON, one object and a newline. Decoding is strict: a wrong or missing member is bad_input.
Result<std::string> encode_entry(const Entry &entry);
Result<Entry> decode_entry(std::string_view text);

} // namespace jit::ledger
