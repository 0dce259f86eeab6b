// The key with which Azure Arc's agent asks whoever wants a token to prove that he may read its
// files.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace jit::sys {

inline constexpr const char *arc_tokens_folder = "/var/opt/azcmagent/tokens";

// Reads a regular file that lies in the folder itself, whose name ends in ".key" and is made of
// letters, digits, '.', '-' and '_'. No link is followed, and nothing else is opened: the path
// comes from whoever listens at the agent's port.
//   folder  another one in tests
//   errors  bad_input: not such a path, no regular file, empty or more than 4096 bytes;
//           not_found; denied: jit may not read it; unavailable
Result<SecretString> read_challenge_file(const std::string &path,
                                         const std::string &folder = arc_tokens_folder);

} // namespace jit::sys
