// The locks under which the account files are changed: that of lckpwdf(3), and the lock files of
// the shadow suite, which vipw(8), usermod(8) and gpasswd(1) take besides.
#pragma once

#include <array>
#include <chrono>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jit::grantd {

// Why the group files can't be written where a unit has no leave to; what to do about it.
extern const char *const no_leave_for_etc;

class AccountLock
{
  public:
    // Takes .pwd.lock, then group.lock and gshadow.lock in the directory. A lock file whose process
    // is dead is taken over, and so is one of ours that a crash has left, whoever has its process's
    // number now.
    //   etc       an open directory; borrowed until the lock is let go
    //   patience  how long to wait for who holds one
    //   errors    timed_out: another process works on them, with the lock's name; unavailable
    static Result<AccountLock> take(int etc, std::chrono::milliseconds patience);

    AccountLock(AccountLock &&other) noexcept;
    AccountLock &operator=(AccountLock &&) = delete;
    AccountLock(const AccountLock &) = delete;
    AccountLock &operator=(const AccountLock &) = delete;
    ~AccountLock();

  private:
    AccountLock(int etc, Fd file) : etc_(etc), file_(std::move(file)) {}

    int etc_;
    Fd file_;
    std::array<bool, 2> holds_{};
};

} // namespace jit::grantd
