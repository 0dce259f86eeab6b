// The processes of this host, from /proc.
#pragma once

#include <string>

#include "jit_grantd/outside.h"

namespace jit::grantd {

class ProcProcesses : public Processes
{
  public:
    explicit ProcProcesses(std::string folder = "/proc") : folder_(std::move(folder)) {}

    Result<Process> look(pid_t pid) override;
    Result<std::vector<Process>> list() override;
    void await_end(const Run &run, std::chrono::milliseconds patience) override;

  private:
    std::string folder_;
};

} // namespace jit::grantd
