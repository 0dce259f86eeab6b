// What signs somebody in and goes on from there, as the shell of sign-ins (sign_ins.h) knows it: a
// request's session (session.h) or an approver's approval (approval.h). Both say what they want
// done by actions.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "jitd/actions.h"
#include "jitd/rules.h"
#include "lib/base/clock.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/jwks.h"

namespace jit::daemon {

class SigningIn
{
  public:
    virtual ~SigningIn() = default;

    //   flow_id  a new GUID: what Entra will call this sign-in in its logs
    virtual Actions on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                             BootTime now) = 0;
    //   why  what is wrong, for people; may be empty
    virtual Actions on_provider_failed(oidc::Failure failure, std::string_view why) = 0;
    // The wall clock may be set while it waits: told before what comes next is judged by it.
    virtual void note_clocks(Now) {}
    virtual Actions on_reply(const oidc::HttpReply &reply, BootTime now) = 0;
    virtual Actions on_time(BootTime now) = 0;
    // The person says that the sign-in is done: asks sooner than it would, where that is allowed.
    virtual Actions hurry(BootTime now) = 0;
    virtual Actions on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now) = 0;
    virtual Actions on_pinned(bool is_kept, const Rules &rules) = 0;
    virtual Actions on_rules(const Rules &rules) = 0;
    virtual Actions cancel(ipc::Cause cause, std::string message) = 0;

    virtual bool is_closed() const = 0;
    // The user of this host whose person it has to be; empty: anybody.
    virtual const std::string &user() const = 0;
    // Whether the groups that he is in on this host count.
    virtual bool has_local_groups() const = 0;

  protected:
    SigningIn() = default;
    SigningIn(SigningIn &&) = default;
    SigningIn &operator=(SigningIn &&) = default;
};

} // namespace jit::daemon
