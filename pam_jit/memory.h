// What the module remembers in the handle between phases and retries, so that a retry starts no
// second flow and prints nothing again.
#pragma once

#include <security/pam_modules.h>
#include <sys/types.h>

#include <optional>

#include "lib/base/clock.h"
#include "lib/base/fixed_text.h"
#include "pam_jit/flow.h"

namespace jit::pam {

// Of one door: sudo changes the user under the handle, a program may fork, and two lines of one
// file may name two roles; none of them may find the other's verdict.
class Memory
{
  public:
    // The handle's memory of this process; made if there is none and make is true. Null if memory
    // is short or there is none.
    static Memory *of(pam_handle_t *handle, bool make);

    void remember(const Door &door, const Passage &passage, BootTime now);

    // What auth said to the same door. An allowed passage only if it is less than a second old.
    std::optional<Passage> recall_auth(const Door &door, BootTime now) const;

    // The account phase let somebody through, whoever PAM_USER is by now.
    bool is_account_allowed() const { return account_ == Outcome::allowed; }
    // The grant by which the last door was passed; empty: none.
    const FixedText<16> &grant() const { return grant_; }
    const FixedText<64> &requester() const { return requester_; }
    // Whether what runs under it ends with it.
    bool is_confined() const { return confine_; }
    // What the account phase said of the shell that su starts.
    const ipc::GroupIds &carried() const { return carry_; }
    // Room for what pam_systemd is told, for as long as the handle lives.
    FixedText<16> &session_limit() { return session_limit_; }

  private:
    bool is_same(const Door &door) const;

    pid_t pid_ = 0;
    BootTime at_{}; // of the auth verdict
    std::optional<Outcome> auth_;
    std::optional<Outcome> account_;
    FixedText<64> requester_;
    FixedText<64> account_name_;
    FixedText<64> service_;
    FixedText<64> role_;
    FixedText<16> grant_;
    FixedText<16> session_limit_;
    bool confine_ = false;
    ipc::GroupIds carry_;
};

} // namespace jit::pam
