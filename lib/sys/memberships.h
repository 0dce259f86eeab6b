// Memberships as files of the user database (nss-systemd(8), userdbd): who looks, and where.
#pragma once

#include <string>
#include <string_view>

namespace jit::sys {

inline constexpr const char *run_userdb = "/run/userdb";
inline constexpr const char *etc_userdb = "/etc/userdb";

// "USER:GROUP.membership". Both are names (is_name), so it is one path component.
std::string membership_file_name(std::string_view user, std::string_view group);

// Whether the membership is there now: a regular file of root's that is not empty, below
// /run/userdb, and no empty file of the same name, a mask, below /etc/userdb.
bool has_membership(std::string_view user, std::string_view group);

} // namespace jit::sys
