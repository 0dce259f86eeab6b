// The live grants: mended when the daemon starts, ended on demand, closed in the ledger when they
// have run out.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "jitd/audit.h"
#include "jitd/grant_client.h"
#include "jitd/grant_table.h"
#include "jitd/open_sessions.h"
#include "jitd/sole_sessions.h"
#include "jitd/standing_groups.h"
#include "jitd/store.h"
#include "lib/sys/event.h"
#include "policy/model.h"

namespace jit::daemon {

// Why a grant is ended before its time: the audit's event, and the word for the root helper.
struct Ending {
    Event event;
    std::string cause;     // dropped, revoked, policy, used
    std::string by;        // for people: who or what did it
    std::string rule = {}; // for the record, where the helper knows no such word
};

class Grants
{
  public:
    // Null if it has ended; otherwise what kept it from ending.
    using Done = std::function<void(const HelperFault *)>;

    // Borrows all it is given.
    static Result<std::unique_ptr<Grants>> make(sd_event *loop, Store &store, Audit &audit,
                                                GrantClient &helper, std::string boot_id,
                                                HasMembership has_membership);

    // Takes over what an earlier run left: live grants of this boot come into the table, all else
    // is closed. Called once, before anything is served.
    Result<void> mend();

    // A grant that is in the ledger already.
    void add(Grant grant);

    // The helper lets it go on until then, and the ledger has that already.
    //   activation  what it stands on from now on; empty: as before
    //   approvers   who has approved that; empty: as before
    void extend(const std::string &id, WallTime until, const std::string &activation = {},
                const std::string &approvers = {});

    // Has the root helper end it, then closes it. One that is gone already counts as ended. A
    // helper that does not answer is a fault for the caller, and is asked again until it does:
    // nobody keeps a role whose end was asked for.
    void end(const std::string &id, const Ending &ending, Done done);

    // A session was opened under a grant that is good for one: nobody passes by it any more, not
    // after a restart either. Where the ledger can't take that, the grant ends at once.
    //   record  of the use
    void use_up(const std::string &id, const AuditRecord &record);

    // Ends grants whose role the policy no longer has.
    void end_without_role(const policy::Policy &policy);

    // Closes in the ledger what is past its end, or what somebody else has ended.
    void close_ended();

    // Whether close_ended() is called when a membership goes. Until then it looks every 30 s.
    void be_told(bool is_told);

    // Tries again to write the ends that the ledger could not take.
    void write_late();

    // Called when a grant has come, gone or been extended. All who ask for it are.
    void on_change(std::function<void()> changed);

    // The grant is for the session of that process alone, and ends with it.
    void end_with(const std::string &id, pid_t session);

    // What still runs under a grant, for the record of its end.
    OpenSessions &sessions() { return sessions_; }

    const GrantTable &table() const { return table_; }
    const std::string &boot_id() const { return boot_id_; }
    const HasMembership &has_membership() const { return has_membership_; }
    StandingGroups &standing_groups() { return standing_groups_; }
    // The groups of a user by the host's own files, less those that jit has put there.
    //   errors  unavailable: a file could not be read
    Result<std::vector<std::string>> local_groups(const std::string &user);

  private:
    Grants(sd_event *loop, Store &store, Audit &audit, GrantClient &helper, std::string boot_id,
           HasMembership has_membership);

    void close(const std::string &id, Event event, const std::string &cause,
               const std::string &message);
    void arm();
    GrantClient::Ended on_ended(const std::string &id, Ending ending, Done done);

    Store &store_;
    Audit &audit_;
    GrantClient &helper_;
    std::string boot_id_;
    HasMembership has_membership_;
    GrantTable table_;
    OpenSessions sessions_;
    SoleSessions sole_sessions_;
    std::vector<std::function<void()>> changed_;
    StandingGroups standing_groups_;
    std::set<std::string> ending_; // the helper has been asked to end them and has not answered
    // Ends that the ledger could not take: tried again until it can, and found open at the next
    // start if that comes first. As many as there were live grants.
    struct Unwritten {
        AuditRecord record;
        StoredRequest row;
    };
    std::vector<Unwritten> unwritten_;
    std::unique_ptr<sys::Timer> timer_;
    bool is_told_ = false;
};

// What the ledger holds of a grant, and back.
Grant make_grant(const StoredRequest &stored);

} // namespace jit::daemon
