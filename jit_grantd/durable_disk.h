// The disk: lib/sys/durable.h.
#pragma once

#include "jit_grantd/outside.h"

namespace jit::grantd {

class DurableDisk : public Disk
{
  public:
    Result<void> write(int directory, const std::string &name, std::string_view bytes,
                       mode_t mode) override;
    Result<void> write_atomic(int directory, const std::string &name, std::string_view bytes,
                              mode_t mode) override;
    Result<void> replace(int directory, const std::string &name, std::string_view bytes,
                         const struct stat &old) override;
    Result<void> remove(int directory, const std::string &name) override;
    std::vector<Result<void>> write_each(int directory, const std::vector<File> &files,
                                         mode_t mode) override;
    std::vector<Result<void>> remove_each(int directory,
                                          const std::vector<std::string> &names) override;
};

} // namespace jit::grantd
