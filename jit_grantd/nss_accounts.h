// Users and groups through the name service (nsswitch.conf(5)).
#pragma once

#include "jit_grantd/outside.h"

namespace jit::grantd {

class NssAccounts : public Accounts
{
  public:
    Result<User> find_user(const std::string &name) override;
    Result<gid_t> find_group(const std::string &name) override;
    Result<std::vector<std::string>> names_of_gid(gid_t gid) override;
    Result<bool> is_member(const User &user, gid_t group) override;
    Result<std::vector<std::string>> local_groups(const std::string &user) override;
    bool has_cache() override;
    Result<void> flush_cache() override;
};

} // namespace jit::grantd
