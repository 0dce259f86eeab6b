// What sign-ins need from outside, whose ever they are: the provider and its keys, requests to it,
// the rules of now, and a place for whom they find.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "jitd/grants.h"
#include "jitd/pins.h"
#include "jitd/provider_cache.h"
#include "jitd/settings.h"
#include "jitd/signing_in.h"
#include "lib/net/http.h"
#include "lib/oidc/seen_tokens.h"

namespace jit::daemon {

class SignIns
{
  public:
    using Transfer = net::HttpClient::Transfer;
    // Borrowed for the call.
    struct Seat {
        SigningIn &who;
        Transfer &transfer; // 0: none
    };
    // Who keeps sign-ins, each under a key that is never used again, and carries out what is not of
    // every sign-in. There as long as the loop runs.
    class Owner
    {
      public:
        virtual ~Owner() = default;
        // Absent: it is over.
        virtual std::optional<Seat> find_seat(const std::string &key) = 0;
        virtual void perform(const std::string &key, Actions actions) = 0;
        // Whether the answer to a transfer goes to somebody else by now, who has been given it.
        virtual bool has_passed_on(const std::string &key, const oidc::HttpReply &reply) = 0;
        // How long one waits for the provider, and who hears that it takes longer.
        virtual Patience patience_of(const std::string &key) = 0;
    };
    using Judge = std::function<Actions(const Rules &)>;

    // Borrows all. The settings are asked for anew at each use: they change under us.
    SignIns(const Settings &settings, Pins &pins, Grants &grants)
        : settings_(settings), pins_(pins), grants_(grants)
    {
    }

    // Whom to talk to from now on, when nobody signs in. Null: nobody.
    //   wake_at  as ProviderCache has it
    void set_provider(net::HttpClient *http, ProviderCache::WakeAt wake_at);
    ProviderCache *provider() const { return provider_.get(); } // null: none

    // Does what any sign-in wants, and has its owner told what comes of it, now or later. Whether
    // it is that; all else is the owner's.
    bool perform(Owner &owner, const std::string &key, Action &action);
    // Forgets what it has asked the provider.
    void cancel(Transfer &transfer);
    // Calls back with what sign-ins are judged by now; not when there is no policy any more.
    void with_rules(Owner &owner, const std::string &key, const Judge &judge);
    // Nothing, where it is over.
    static void wake(Owner &owner, const std::string &key);
    static void hurry(Owner &owner, const std::string &key);

  private:
    void send(Owner &owner, const std::string &key, oidc::HttpRequest request);
    void find_party(Owner &owner, const std::string &key, Purpose purpose);
    void find_keys(Owner &owner, const std::string &key, bool refresh);
    void keep_pin(Owner &owner, const std::string &key, KeepPin kept);

    const Settings &settings_;
    Pins &pins_;
    Grants &grants_;
    // Of the user by whose rules somebody goes on right now: what comes of it in the same turn need
    // not read the host's files again. Null: of nobody.
    struct Found {
        const std::string &user;
        const std::vector<std::string> &groups;
    };
    const Found *found_ = nullptr;
    net::HttpClient *http_ = nullptr;
    std::unique_ptr<ProviderCache> provider_;
    oidc::SeenTokens seen_; // of all: a token is good for one of them
};

} // namespace jit::daemon
