// Scopes of the service manager, jit-run-ID-....scope, and jit-tell@ID.service.
#pragma once

#include "jit_grantd/outside.h"

namespace jit::grantd {

class SystemdScopes : public Scopes
{
  public:
    Result<std::vector<std::string>> active() override;
    Result<void> start(const Scope &scope) override;
    Result<void> stop(const std::string &name) override;
    Result<std::string> unit_of(pid_t pid) override;
    Result<std::vector<pid_t>> processes_of(const std::string &unit) override;
    Result<void> tell(const std::string &id) override;
};

} // namespace jit::grantd
