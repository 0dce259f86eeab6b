// The requests that wait: carries out what their sessions want, and tells those who watch.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/activations.h"
#include "jitd/attempts.h"
#include "jitd/audit.h"
#include "jitd/grant_client.h"
#include "jitd/grants.h"
#include "jitd/notices.h"
#include "jitd/pins.h"
#include "jitd/session.h"
#include "jitd/settings.h"
#include "jitd/sign_ins.h"
#include "jitd/ssh_logins.h"
#include "jitd/store.h"
#include "lib/net/http.h"
#include "lib/sys/event.h"
#include "lib/sys/varlink_server.h"

namespace jit::daemon {

class Requests final : private SignIns::Owner
{
  public:
    using Watcher = std::shared_ptr<sys::Exchange>;

    // All borrowed. The settings are asked for anew at each use: they change under us.
    struct Parts {
        sd_event *loop;
        Store &store;
        Audit &audit;
        Grants &grants;
        GrantClient &helper;
        const Settings &settings;
        Pins &pins;
        // The policy that the helper reads is another: read it again.
        std::function<void()> policy_is_stale;
        Notices *notices = nullptr; // null: nobody is told
    };

    static Result<std::unique_ptr<Requests>> make(Parts parts);

    // The provider to talk to from now on. Requests that wait are cancelled: they belong to
    // another. Null: none.
    void set_provider(net::HttpClient *http);

    // Begins a request, or joins the one of the same origin. Answers the watcher in any case.
    void begin_or_join(RequestFacts facts, Watcher watcher);

    // What sign-ins need, of whomever.
    SignIns &sign_ins() { return sign_ins_; }

    // Called when a request has come to its end, with its id.
    void on_over(std::function<void(const std::string &)> over) { over_ = std::move(over); }

    // Called when a request begins to wait for approvers, and when it goes on to after a restart.
    using Waits = std::function<void(const Session &)>;
    void on_waits(Waits waits) { waits_ = std::move(waits); }

    // Goes on with those that waited for others when jitd was stopped: once, as soon as there is a
    // provider and a policy. Until then they are left as they are, but for those that are lost in
    // any case.
    void resume();
    // The policy is another.
    void look_again();
    // jitd is being stopped: those that wait for others are left as they are in the ledger.
    void stop();

    // A request that waits for others; null: none by this id.
    const Session *find_approving(const std::string &id) const;
    // Who asked first comes first.
    std::vector<const Session *> all_approving() const;
    // Its row, as the ledger has it; absent: it can't be read.
    std::optional<StoredRequest> read_row(const std::string &id) const;
    // What an approver has said of it, by his own sign-in.
    //   errors  not_found; unavailable: it has ended, and the ledger does not know that yet
    Result<void> approve(const std::string &id, GivenApproval given);
    Result<void> deny(const std::string &id, const GivenApproval &by, const std::string &reason);
    // Mode watch: what counts for it was seen in Entra, which calls it so. Errors: not_found.
    Result<void> activate(const std::string &id, const std::string &activation, WallTime until);
    // Says to those who follow it how it stands. Nothing, if it does not wait for others.
    void tell_approving(const std::string &id, const std::string &message);
    // Who looks on in Entra, for mode watch.
    struct Onlooker {
        // A request begins to wait for an activation of that group, or its person says that it is
        // there.
        std::function<void(const std::string &group)> hurry;
        // Why nothing counts yet for the request of that id; empty: nothing is there.
        std::function<std::string(const std::string &id)> why;
    };
    void set_onlooker(Onlooker onlooker) { onlooker_ = std::move(onlooker); }

    // Its requester leaves, and it waits on for others: by the very process that follows it, so
    // that nobody else turns a Ctrl-C into that.
    //   errors  not_found; denied: it does not wait for others, or another process follows it
    Result<void> let_wait(const std::string &id, pid_t leaving);

    // Withdraws a request. Errors: not_found.
    Result<void> cancel(const std::string &id, ipc::Cause cause, std::string message);
    void cancel_all(ipc::Cause cause, const std::string &message);

    // The person of a request says that the sign-in is done. Errors: not_found.
    Result<void> hurry(const std::string &id);

    // Over ssh: the request of a user and an origin, for one of the roles, that is approved and
    // waits for a login. Null: none.
    const RequestFacts *find_held(const std::string &user, const Origin &origin,
                                  std::span<const std::string> roles) const;
    // Has it granted, for who has come. Called back once; null: granted, else what to say.
    using Claimed = std::function<void(const StoredRequest &grant, const std::string *no)>;
    void claim(const std::string &id, Claimed claimed);

    // What goes on in Entra for grants, and for requests that have ended.
    Activations &activations() { return *activations_; }

    // Logins over ssh, and the grants that were made for them.
    SshLogins &logins() { return logins_; }
    void let_in(const std::string &connection, const std::string &user, const std::string &grant,
                const std::string &proof, bool is_new);

    // Null: none waits by this id.
    const Session *find(const std::string &id) const;
    std::vector<const Session *> all() const;

  private:
    struct Waiting;
    struct Login {
        std::vector<std::string> connections; // that asked, and are told alike
        std::vector<Claimed> claims;
    };
    struct Follower {
        Watcher exchange;
        bool stays_waiting = false; // when he goes, the request is to wait on: so he has said
    };
    using Wakes = std::multimap<BootTime, Waiting *>;
    // Thousands of them may wait: what most never need, they do not hold.
    struct Waiting {
        Requests *requests;
        std::unique_ptr<Session> session;
        std::vector<Follower> watchers;
        std::optional<Wakes::iterator> wake;
        net::HttpClient::Transfer transfer = 0;
        std::unique_ptr<StoredRequest> stored; // null: as it began, its row can be made from facts
        std::unique_ptr<Login> login;          // null: not for a login over ssh
        Attempts::Place place;
        bool is_kept = false;    // whoever followed it last has left, and will come back
        bool is_recorded = true; // every event so far is in the ledger's audit
    };

    explicit Requests(Parts parts)
        : parts_(std::move(parts)), sign_ins_(parts_.settings, parts_.pins, parts_.grants)
    {
    }

    using ByUser = std::multimap<std::string_view, Waiting *>;
    // For a for loop.
    struct OfUser {
        ByUser::const_iterator first, last;
        auto begin() const { return first; }
        auto end() const { return last; }
    };
    OfUser of_user(const std::string &user) const;
    // Whether one more may begin. Empty: yes; otherwise what to say.
    std::string why_not(const RequestFacts &facts);
    void refuse(const Watcher &watcher, const RequestFacts &facts, const std::string &line);
    void watch(Waiting &waiting, const std::string &connection, Watcher watcher);
    void leave(Waiting &waiting, const sys::Exchange *watcher);
    void answer_all(Waiting &waiting, const ipc::RequestReply &reply);
    void end_login(Waiting &waiting, const std::string *no);
    void look_for_missed();
    void wake_at(Waiting &waiting, BootTime at);
    void sleep_on(Waiting &waiting);
    void wake_some();
    void keep_helper_awake();
    void sweep();
    std::optional<SignIns::Seat> find_seat(const std::string &id) override;
    bool has_passed_on(const std::string &id, const oidc::HttpReply &reply) override;
    Patience patience_of(const std::string &id) override;
    void perform(const std::string &id, Actions actions) override;
    //   end  nothing that is granted may last longer; absent: as long as it likes
    void ask_helper(const RequestFacts &facts, bool is_trial, GrantClient::Granted granted,
                    std::optional<WallTime> end = {});
    void ask_trial(const std::string &id);
    Waiting &keep(std::unique_ptr<Session> session, Attempts::Place place);
    void await(const std::string &id, const std::optional<AuditRecord> &record);
    bool keep_awaiting(const Waiting &waiting, const std::optional<AuditRecord> &record);
    void note_watched(const Session &session) const;
    void note_given(const std::string &id);
    // Of requests that are to extend a grant: closes those whose grant has gone.
    void look_at_extended();
    // The same for one, before anybody's word for it counts. True: it is closed.
    bool close_extended(const Session &session);
    void take_up(const StoredRequest &stored, KeptRequest kept);
    void drop_kept(StoredRequest stored, bool is_pim);
    void settle_activation(Waiting &waiting, const Close &close);
    // What waited for others is at its end: the row and the record that says so, both or neither.
    void end_kept(Waiting &waiting, const WriteRecord &last);
    void end_late();
    ipc::RequestReply make_awaiting_reply(const Session &session) const;
    std::string provider_name() const;
    void ask_grant(const std::string &id, const AskGrant &asked);
    void on_granted(const std::string &id, const ipc::GrantReply &reply);
    void hold_groups(const Waiting &waiting, const ipc::GrantReply *reply,
                     const HelperFault &fault);
    static StoredRequest &stored_of(Waiting &waiting);
    void end_surely(Waiting &waiting);
    bool record_grant(Waiting &waiting, const AuditRecord &record);
    void close(Waiting &waiting, const Close &close);
    bool store_state(Waiting &waiting, ipc::State state, std::string cause);

    Parts parts_;
    SignIns sign_ins_;
    std::unique_ptr<sys::Timer> fetch_again_; // from the provider
    std::unique_ptr<Activations> activations_;
    std::map<std::string, std::string> demands_; // of groups in PIM, on the token
    Attempts attempts_;
    std::map<std::string_view, Waiting> waiting_; // by the id in its facts
    ByUser by_user_;                              // by the user in its facts
    std::size_t watching_ = 0;                    // watchers of all of them
    std::map<std::string, StoredRequest> owed_;   // closed here, but the helper has yet to end them
    Wakes wakes_;
    std::vector<std::string> closed_; // to be swept
    std::unique_ptr<sys::Timer> wake_;
    std::unique_ptr<sys::Timer> poke_; // of the helper, while requests wait
    std::unique_ptr<sys::Later> sweep_;
    SshLogins logins_;
    std::unique_ptr<sys::Timer> missed_;
    // Ends of such that could not be written: they would come back with the next start.
    struct Unwritten {
        AuditRecord record;
        StoredRequest row;
    };
    std::map<std::string, Unwritten> unwritten_; // by request
    std::unique_ptr<sys::Timer> write_again_;
    std::shared_ptr<sys::Later> look_at_extended_; // the grants may outlive us
    bool is_resumed_ = false;
    bool is_unwatched_told_ = false;
    std::function<void(const std::string &)> over_;
    Onlooker onlooker_;
    Waits waits_;
};

} // namespace jit::daemon
