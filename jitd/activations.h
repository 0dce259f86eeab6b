// What goes on in Entra's Privileged Identity Management while no request waits for it:
//
//   take_back  a request has ended whose activation is still being asked for
//   give_back  a request has ended without a grant, after its activation had come
//   watch      whether the activation of a live grant still runs: every minute, for as long as the
//              token of the sign-in is good. Not listed twice, it ends the grant. A token that has
//              run out, or was lost with a restart, leaves one record, and the grant its end.
//   end        a live grant is being handed back or taken away
//
// Tokens are in memory alone, and go with the grant.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include "jitd/audit.h"
#include "jitd/grants.h"
#include "lib/net/http.h"
#include "lib/oidc/pim_activation.h"
#include "lib/oidc/pim_deactivation.h"
#include "lib/oidc/pim_look.h"
#include "lib/sys/event.h"
#include "policy/model.h"

namespace jit::daemon {

class Activations
{
  public:
    // All borrowed.
    struct Parts {
        sd_event *loop;
        Audit &audit;
        Grants &grants;
        std::function<Now()> clocks = read_clocks;
    };
    // Of whose request, or grant, for people.
    struct Whose {
        std::string id;
        std::string role;
        std::string user;
    };

    static Result<std::unique_ptr<Activations>> make(Parts parts);

    // Null: none. What belongs to the one before is forgotten.
    void set_http(net::HttpClient *http);
    // Whether somebody else sees the activation of a grant, with the host's own credential: then
    // no record says that nobody does.
    void on_other_eyes(std::function<bool(const Grant &grant)> sees) { sees_ = std::move(sees); }

    //   out  the transfer of what it asked last; 0: none
    void take_back(Whose whose, std::unique_ptr<oidc::PimActivation> asked,
                   net::HttpClient::Transfer out);
    // The answer to that, where it was still needed.
    //   returns  false: it is not for an activation that is taken back
    bool on_late_reply(const std::string &request, const oidc::HttpReply &reply);
    void give_back(Whose whose, oidc::PimWho who);

    // A live grant, by id; anew where it was extended by another sign-in.
    //   was_there  its activation ran before the role was asked for
    void watch(const std::string &grant, oidc::PimWho who, bool was_there);
    // After a start: of live grants in mode pim nobody has a token.
    void tell_unwatched(const policy::Policy &policy);
    // Asks for the end of what the grant stands on, which is ended here by the caller: whoever made
    // it, for nobody is to keep in Entra what he hands back here.
    //   returns  what has to be said to the person; empty: nothing, it is seen to
    std::string end(const Grant &grant);
    // Does what is due; the timer calls it.
    void wake();
    // jitd is being stopped: says what is left as it is.
    void stop();

  private:
    using Machine = std::variant<oidc::PimActivation, oidc::PimLook, oidc::PimDeactivation>;
    struct Task {
        Whose whose;
        std::unique_ptr<Machine> machine;
        net::HttpClient::Transfer transfer = 0;
        BootTime at = BootTime::max();
    };
    struct Watched {
        oidc::PimWho who;
        BootTime look_at;
        BootTime seen_at;  // that it stands
        BootTime wiped_at; // when the token is over, whatever Graph says
        bool was_there;    // its activation, before the role was asked for
        bool is_looking = false;
        bool is_told = false; // that nothing is seen
        unsigned missed = 0;  // in a row
    };
    using Number = unsigned long;

    explicit Activations(Parts parts) : parts_(std::move(parts)) {}

    template <typename Step> void follow(Number number, Step step);
    template <typename Use> void use(Number number, Use use);
    Number begin(Whose whose, Machine machine);
    void send(Number number, oidc::HttpRequest request);
    void conclude(const Whose &whose, const oidc::PimStep &step);
    void conclude(const Whose &whose, const oidc::PimLookStep &step);
    void conclude(const Whose &whose, const oidc::PimDropStep &step);
    void look(const std::string &grant, Watched &watched, const Now &now);
    void end_in_entra(Whose whose, oidc::PimWho who);
    void arm();
    void note_unwatched(const Grant &grant, const char *rule, const char *why);

    Parts parts_;
    net::HttpClient *http_ = nullptr;
    std::function<bool(const Grant &grant)> sees_;
    std::map<Number, Task> tasks_;
    Number last_ = 0;
    std::map<std::string, Number> late_; // by the request whose last transfer is not ours
    std::map<std::string, Watched> watched_;
    std::set<std::string> ending_; // grants of the table that are being ended
    std::unique_ptr<sys::Timer> timer_;
};

} // namespace jit::daemon
