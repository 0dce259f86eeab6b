// The approvers who sign in just now: carries out what their approvals want, and tells them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "jitd/approval.h"
#include "jitd/attempts.h"
#include "jitd/audit.h"
#include "jitd/notices.h"
#include "jitd/requests.h"
#include "jitd/settings.h"
#include "jitd/sign_ins.h"
#include "lib/sys/event.h"
#include "lib/sys/varlink_server.h"

namespace jit::daemon {

class Approvals final : private SignIns::Owner
{
  public:
    using Watcher = std::shared_ptr<sys::Exchange>;

    // All borrowed. The settings are asked for anew at each use: they change under us.
    struct Parts {
        sd_event *loop;
        Audit &audit;
        Requests &requests;
        const Settings &settings;
        Notices *notices = nullptr; // null: nobody is told
    };

    static Result<std::unique_ptr<Approvals>> make(const Parts &parts);

    // Tells webhooks with codes of a request that waits for approvers and of a code that whoever is
    // one may sign in with, and of another one when it has run out. Once for each start of jitd:
    // the code of before is good for nothing then, and perhaps nobody was told of it.
    void plead(const Session &session);

    // Has an approver sign in. Answers the watcher in any case; his going ends it.
    void begin(ApprovalFacts facts, const Watcher &watcher);
    // The approver of that uid says that his sign-in for the request is done.
    // Whether there is one.
    bool hurry(const std::string &request, uid_t uid);
    // The request has come to its end: nobody needs to sign in for it any more.
    void end_for(const std::string &request);
    // No webhook wants codes any more.
    void end_by_notice();
    // The provider, or jitd, goes.
    void cancel_all(const std::string &message);

  private:
    using Key = std::string; // a number: nobody knows it but us
    struct Talk {
        std::unique_ptr<Approval> approval;
        uid_t uid = 0;
        Watcher watcher; // null: by a notice
        std::unique_ptr<sys::Timer> timer;
        SignIns::Transfer transfer = 0;
        Attempts::Place place;
        bool is_recorded = true; // every event so far is in the ledger's audit
    };

    explicit Approvals(const Parts &parts) : parts_(parts) {}
    // Absent: the exchange, if there is one, has been answered.
    std::optional<Key> open(ApprovalFacts facts, uid_t uid, const Watcher &watcher);
    std::optional<SignIns::Seat> find_seat(const Key &key) override;
    bool has_passed_on(const Key &, const oidc::HttpReply &) override { return false; }
    Patience patience_of(const Key &key) override;
    void perform(const Key &key, Actions actions) override;
    std::size_t count(bool by_notice) const;
    void show(Talk &talk, const ShowCode &code);
    void say(const Key &key, const GivenApproval &by);
    void close(const Key &key, const Close &close);
    void end(const Key &key, ipc::Cause cause, std::string message);
    void end_all(const std::function<bool(const Talk &)> &are_meant, ipc::Cause cause,
                 std::string_view message);
    static ipc::RequestReply make_reply(ipc::Progress state, const ApprovalFacts &facts);

    // approvals_by_notice.cc
    void begin_by_notice(const std::string &request);
    void try_again(const std::string &request, std::chrono::seconds pause);
    void begin_again();
    void after_notice(const ApprovalFacts &facts, const Close &close);
    void tell_with_codes(const std::string &request);

    Parts parts_;
    // Codes that webhooks are told of, for one request.
    struct ByNotice {
        unsigned used_up = 0;         // by somebody's sign-in
        std::chrono::seconds pause{}; // before another one is tried for
        bool is_told = false;         // of a code, or that there is none
    };

    std::uint64_t last_ = 0;
    Attempts attempts_;                          // of approvers; outlives the places of talks
    std::map<std::string, ByNotice> by_notice_;  // by request
    std::multimap<BootTime, std::string> again_; // requests that another code is made for
    std::unique_ptr<sys::Timer> again_timer_;
    std::map<Key, Talk> talks_;
    std::vector<Talk> over_; // to be swept: a timer does not outlive its own call otherwise
    std::unique_ptr<sys::Later> sweep_;
};

} // namespace jit::daemon
