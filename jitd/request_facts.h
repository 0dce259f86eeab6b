// What is fixed about a request when it begins.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/rare.h"
#include "policy/model.h"

namespace jit::daemon {

// Where a request came from. Only the same origin may join a request that waits, or have what was
// approved for it.
struct Origin {
    std::string service; // empty: jitctl
    std::string tty;
    std::int64_t session = 0; // the kernel's session id of the asking process, getsid(2)
    std::string proof;        // over ssh: what has proven who is there, and from which address
    bool is_unproven = false; // nothing has: joined by nobody

    // A session of the kernel has one terminal at most. Programs that know it by their standard
    // input alone, as sudo-rs does, name none in the middle of a pipeline.
    bool has_terminal_of(const Origin &other) const
    {
        return tty == other.tty || (session != 0 && (tty.empty() || other.tty.empty()));
    }
    friend bool operator==(const Origin &a, const Origin &b)
    {
        return a.service == b.service && a.session == b.session && a.proof == b.proof &&
               a.is_unproven == b.is_unproven && a.has_terminal_of(b);
    }
};

// Modes pim and watch.
struct EntraFacts {
    std::string group;       // whose activation it is
    std::string watch_token; // random, for mode watch (Awaited); else empty
    std::string claims;      // of mode pim: what the group is known to demand of the token
};

// From elsewhere.
struct Arrival {
    std::string rhost;
    std::string connection; // of who began it: over ssh, or another login to a shared account, as
                            // it is known by (origins.h)
    std::string prover; // of a shared account, over ssh: a digest of what has proven who is there
};

// Thousands of them may wait.
struct RequestFacts {
    std::string id;
    std::string role;
    std::string user;
    uid_t uid = 0;
    std::string
        oid; // the person of the user, by map or pin; empty: found by the sign-in, and then set
    std::string upn;          // whom the sign-in has to be where oid is empty, in lower case
    std::string auth_context; // what the role's conditions demand of the sign-in; empty: nothing
    std::string extends;      // the grant that is to go on longer; empty: a new one is asked for
    WallTime extends_until{}; // until when, at the latest
    std::optional<Now> extended_end; // of that grant, as it is known here; not kept over a restart
    bool is_shared = false;          // to an account of many: whoever signs in is the requester
    bool is_reusable = false;        // later logins with the same key may have the grant too
    policy::Approval::Mode mode = policy::Approval::Mode::self; // who has to say yes
    Rare<EntraFacts> entra;
    bool is_unattended = false; // nobody signs in: the role's approval is "auto"
    bool is_limited = false;    // the helper counts grants of the role: it is asked before anybody
    bool ends_runs = false;     // what is started under the grant ends with it
    bool is_held = false;       // what is approved is granted when somebody comes for it
    std::vector<std::string> groups;
    std::chrono::seconds duration{};           // what will be granted
    std::optional<std::chrono::seconds> asked; // what was asked for, if anything was
    std::optional<std::string> reason;
    Origin origin;
    Rare<Arrival> from;
    std::string command; // a hint for people, never decided on
    std::string host;
    Now began{};
    BootTime deadline{};
    WallTime deadline_wall{};
};

// Nobody waits much longer for what is to go on than it lasts.
void bound_by_extended(RequestFacts &facts);

} // namespace jit::daemon
