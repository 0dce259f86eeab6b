// Tells users ahead that their grants end (jit-policy(5), end.warn).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jitd/audit.h"
#include "jitd/grant_client.h"
#include "jitd/grants.h"
#include "jitd/settings.h"
#include "lib/sys/event.h"

namespace jit::daemon {

// The ids of the grants one of whose warnings is due later than `after`, and not later than `now`.
std::vector<std::string> due_warnings(const GrantTable &grants, const policy::Policy &policy,
                                      WallTime after, WallTime now);
// The next moment later than `after` at which one is due; absent: there is none.
std::optional<WallTime> next_warning(const GrantTable &grants, const policy::Policy &policy,
                                     WallTime after);

class Warnings
{
  public:
    // Borrows all it is given.
    static Result<std::unique_ptr<Warnings>> make(sd_event *loop, Grants &grants, Audit &audit,
                                                  GrantClient &helper, const Settings &settings);

    // To be called when grants or the policy have changed.
    void arm();

  private:
    Warnings(Grants &grants, Audit &audit, GrantClient &helper, const Settings &settings);
    void warn();

    Grants &grants_;
    Audit &audit_;
    GrantClient &helper_;
    const Settings &settings_;
    WallTime looked_; // what was due until then has been said, or is not said any more
    std::unique_ptr<sys::Timer> timer_;
};

} // namespace jit::daemon
