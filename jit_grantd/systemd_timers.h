// Transient timers of the service manager: jit-expire@ID.timer starts jit-expire@ID.service, which
// runs `jit-grantd --expire ID` though everything else of ours is dead.
#pragma once

#include "jit_grantd/outside.h"

namespace jit::grantd {

class SystemdTimers : public Timers
{
  public:
    std::unique_ptr<Arming> prepare() override;
    Result<void> rearm(const std::string &id, WallTime until,
                       BootTime::duration remaining) override;
    Result<void> disarm(const std::string &id) override;
    std::vector<Result<void>> disarm_each(const std::vector<std::string> &ids) override;
    Result<std::vector<std::string>> armed() override;
};

} // namespace jit::grantd
