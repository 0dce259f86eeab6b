// Looks on, with the host's own credential, at who has activated which group in Privileged Identity
// Management: for requests that wait for that (mode watch), and for grants that stand on it, whose
// end upstream is their end here. One PimGroupPoll for each group that somebody waits for or stands
// on; nothing is asked while there is none.
//
//                  a request waits, a grant is live
//                        v
//   look() ── watched ──> token ──> a round of the poll ──> seen: who waits is judged, what stands
//     ^                     ^                          └──> failed: who waits is told why
//     │                     └──────── 10 to 30 s ────────────┘
//     └── nobody any more: forgotten
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/audit.h"
#include "jitd/grants.h"
#include "jitd/host_credential.h"
#include "jitd/limits.h"
#include "jitd/requests.h"
#include "jitd/settings.h"
#include "jitd/store.h"
#include "lib/oidc/pim_group_poll.h"
#include "lib/sys/event.h"

namespace jit::daemon {

// The group of what a grant stands on (StoredRequest::activation), and how Graph calls it: a
// schedule, or a request. Both empty: nothing.
struct StandsOn {
    std::string_view group;
    std::string_view id;
};
StandsOn split_activation(std::string_view activation);

// Whether what a grant stands on is still there, in a whole answer about its group. An activation
// of the person that can't be told from it counts as that.
bool is_standing(const Grant &grant, const std::vector<oidc::Activation> &seen, WallTime now);

class ActivationWatch
{
  public:
    // All borrowed. The settings are asked for anew at each use: they change under us.
    struct Parts {
        sd_event *loop;
        Store &store;
        Audit &audit;
        Grants &grants;
        Requests &requests;
        const Settings &settings;
        std::chrono::seconds until_unwatched = limits::until_unwatched;
        std::size_t in_turn = limits::watched_in_turn;
        std::size_t most = limits::watched_groups;
    };

    static Result<std::unique_ptr<ActivationWatch>> make(const Parts &parts);
    ~ActivationWatch();
    ActivationWatch(const ActivationWatch &) = delete;
    ActivationWatch &operator=(const ActivationWatch &) = delete;

    // Whom to ask from now on, with the credential of the settings as they are now; before a client
    // goes: null. What is under way is begun anew.
    void use(net::HttpClient *http);
    // The policy may be another.
    void on_new_policy() { look_->schedule(); }

    // Whether the end of what that grant stands on is looked for here.
    bool sees(const Grant &grant) const
    {
        const auto &config = parts_.settings.config;
        return config && config->credential != policy::Config::Credential::none &&
               !split_activation(grant.activation).group.empty();
    }
    std::size_t watched() const { return watched_.size(); }

  private:
    struct Watched {
        std::string group;
        std::optional<oidc::PimGroupPoll> poll; // once it is known where Graph is
        std::string graph_host;
        std::unique_ptr<sys::Timer> timer;
        net::HttpClient::Transfer transfer = 0;
        bool is_asking = false; // for a token
        BootTime seen_at{};     // the last whole answer, at first when it began
    };

    explicit ActivationWatch(const Parts &parts) : parts_(parts) {}

    std::set<std::string> wanted_groups() const;
    std::vector<std::string> waiting_for(const std::string &group) const;
    std::vector<const Grant *> grants_on(const std::string &group) const;
    void look();
    void hurry(const std::string &group);
    std::string why(const std::string &id) const;
    bool add(const std::string &group);
    void forget(std::unique_ptr<Watched> one);
    void wake(Watched &one);
    void ask_token(Watched &one);
    void follow(Watched &one, oidc::PollStep step);
    void on_seen(Watched &one, const oidc::GroupSeen &seen);
    void on_failed(const Watched &one, const std::string &advice);
    void note_unwatched(const std::string &group, const std::string &advice);
    BootTime spread(BootTime at) const;
    int turns() const; // of groups that are looked at side by side; from 1 on
    // The grant that is extended by it; empty: none.
    std::string judge_waiting(const std::string &id, const std::vector<oidc::Activation> &seen);
    std::set<std::string> find_used(const Session &session,
                                    const std::vector<oidc::Activation> &seen) const;
    void judge_grants(const Watched &one, const std::vector<oidc::Activation> &seen,
                      const std::set<std::string> &extended);
    bool is_gone(const Grant &grant, const std::vector<oidc::Activation> &seen, const Now &now);
    void end(const std::string &id);
    void tell(const std::string &id, const std::string &message);

    Parts parts_;
    net::HttpClient *http_ = nullptr;
    std::unique_ptr<HostCredential> credential_;
    std::map<std::string, std::unique_ptr<Watched>> watched_; // by group
    std::vector<std::unique_ptr<Watched>> over_; // a timer does not outlive its own call otherwise
    std::map<std::string, std::string> said_;    // to whom waits, by the request's id
    // What is known of a grant on its activation, by both.
    struct Standing {
        BootTime since;         // that it is looked for
        bool is_listed = false; // it was there in an answer
        unsigned missed = 0;    // answers in a row without it
    };
    std::map<std::string, Standing> standing_;
    std::set<std::string> unwatched_; // grants whose records say so
    std::set<std::string> ending_;    // grants that the helper was asked to end
    std::unique_ptr<sys::Later> look_;
};

} // namespace jit::daemon
