// The way to a home, which may lead over links of the administrator's.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jit::leftovers {

// An absolute path without "", "." and "..", by its letters alone; "/" is itself.
std::string normalize(std::string_view path);

// Opens a folder step by step. A link on the way is followed if it is root's own. What is avoided
// is not even looked at. (openat2(2) would do, but RestrictSUIDSGID= of systemd.exec(5) bars it.)
//   root     before each path; empty on a real host
//   errors   not_found; denied: it would lead to where is avoided; bad_input: over another one's
//            link, over too many links, or to what is no folder; unavailable
Result<Fd> open_home(const std::string &root, const std::string &path,
                     const std::set<std::string> &avoided);

} // namespace jit::leftovers
