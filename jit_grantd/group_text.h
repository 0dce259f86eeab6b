// The text of /etc/group and /etc/gshadow, edited without a loss: of both, the fourth field of a
// line is the members. Pure. Lines are understood as the C library understands them (group(5),
// gshadow(5)), and every byte but those of the one member stays: comments, odd and NIS lines, a
// missing last newline.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jit_grantd/memberships.h"
#include "lib/base/result.h"

namespace jit::grantd {

// Some 200,000 groups. A file that is larger is left alone.
inline constexpr std::size_t max_group_text = std::size_t{16} << 20;

// Whether any line of the group lists the user.
bool lists_member(std::string_view text, const Memberships::Name &name);

// Whether the group has a line.
bool has_group_line(std::string_view text, std::string_view group);

// The text with the user at the end of the group's members; as it was, if he is among them.
//   errors  not_found: no line of the group; bad_input: several, or one that is not wholly
//           understood, or a text that is no group file's or would be too large
Result<std::string> add_member(std::string_view text, const Memberships::Name &name);

// The text without the user in any line of the group: what add_member() made of a text without him,
// it gives back. As it was, if he is nowhere or there is no such line.
std::string remove_member(std::string_view text, const Memberships::Name &name);

} // namespace jit::grantd
