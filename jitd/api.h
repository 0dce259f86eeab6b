// The one table of what may be asked: by whom, and what answers it.
#pragma once

#include <memory>

#include "jitd/answers.h"
#include "jitd/approvals.h"
#include "jitd/audit.h"
#include "jitd/door.h"
#include "jitd/grants.h"
#include "jitd/people.h"
#include "jitd/pins.h"
#include "jitd/requests.h"
#include "jitd/role_trials.h"
#include "jitd/settings.h"
#include "jitd/store.h"
#include "lib/sys/local_accounts.h"
#include "lib/sys/varlink_server.h"
#include "policy/approving.h"

namespace jit::ipc {
struct RoleRecord;
struct PendingRecord;
} // namespace jit::ipc

namespace jit::daemon {

class Api
{
  public:
    // All borrowed.
    struct Parts {
        Store &store;
        Audit &audit;
        Grants &grants;
        Pins &pins;
        Requests &requests;
        Approvals &approvals;
        GrantClient &helper;
        const Settings &settings;
        std::function<bool()> is_reconciled;
        LocalGroups local_groups;
        std::string leftovers = "/var/lib/jit-leftovers"; // reports of jit-leftovers
    };

    explicit Api(Parts parts) : parts_(std::move(parts)), role_trials_(parts_.helper) {}

    // Answers a call of io.jitd.Elevation. A method that is not in the table, parameters that are
    // not its own and a caller who may not end the connection with a named error.
    void answer(const Exchange &exchange);

  private:
    using Call = const Exchange &;
    struct Row;
    static const Row rows[];

    void answer_check(Call exchange);
    // Over ssh, in the account phase. Whether the exchange is answered, or will be.
    bool let_in(Call exchange, const ipc::CheckCall &call, const std::string &proof,
                const DoorAnswer &answer);
    void answer_request(Call exchange);
    void answer_extend(Call exchange);
    void answer_cancel(Call exchange);
    void answer_hurry(Call exchange);
    void answer_leave(Call exchange);
    void answer_pending(Call exchange);
    void answer_approve(Call exchange);
    void answer_deny(Call exchange);
    void answer_audit(Call exchange);
    void answer_list(Call exchange);
    void answer_health(Call exchange);
    void answer_roles(Call exchange);
    void answer_drop(Call exchange);
    void answer_revoke(Call exchange);
    void answer_pins(Call exchange);
    void answer_confirm_pin(Call exchange);
    void answer_clear_pin(Call exchange);
    void answer_session_opened(Call exchange);
    void answer_session_closed(Call exchange);

    struct Caller {
        uid_t uid = 0;
        std::string user;
        bool is_root() const { return uid == 0; }
    };
    // Answers the exchange itself if the caller has no name.
    std::optional<Caller> read_caller(Call exchange);
    using ChangePin = Result<bool> (Pins::*)(std::string_view user);
    using SayPin = std::string (*)(const Pin &pin); // what is done, for the record
    void change_pin(Call exchange, const char *rule, ChangePin change, SayPin say);
    // Each answers the exchange itself if it says no.
    bool may_begin(Call exchange) const;
    // A live grant that is to go on.
    struct Extension {
        std::string grant;
        std::string oid; // whose it is
        WallTime until;
    };
    //   call       with its user
    //   extension  absent: a new grant is asked for
    void begin_request(Call exchange, const ipc::RequestCall &call,
                       const std::optional<Extension> &extension = {});
    // A request that waits and that the caller may touch; else the exchange is answered.
    const RequestFacts *find_request(Call exchange);
    // A request that waits for others, of which the caller may say something; else the exchange is
    // answered.
    const Session *find_approvable(Call exchange, const std::string &id, const Caller &caller,
                                   const policy::Person &person);
    void begin_approval(Call exchange, const Caller &caller, const std::string &id,
                        ApprovalFacts::Verb verb, const std::string &reason,
                        const std::optional<std::string> &tty);
    void note_no_approver(const std::string &id, const Caller &caller,
                          const policy::Person &person);
    policy::ApproverStanding standing_of(const Session &session, const Caller &caller,
                                         const policy::Person &person) const;
    ipc::PendingRecord make_pending_record(const Session &session) const;
    void end_all(Call exchange, const std::vector<std::string> &ids, const Ending &ending);
    std::string shown_command(const std::optional<std::string> &command) const;
    policy::Person read_person(const std::string &user) const; // only with a configuration
    // Has the caller's process end with the grant, and answers when that is sure.
    void confine(Call exchange, const Grant &grant);
    // The live grant that a session is under; null: none.
    const Grant *find_grant(const ipc::SessionCall &call) const;
    bool ends_runs(const Grant &grant) const;
    bool is_single_use(const Grant &grant) const;
    ipc::RoleRecord make_role_record(const policy::Role &role, const std::string &user) const;
    ipc::State state_of(const Grant &grant) const;

    Parts parts_;
    RoleTrials role_trials_;
    sys::LocalNames local_names_;
};

} // namespace jit::daemon
