// A secret in a file, such as the host's own key.
#pragma once

#include <cstddef>
#include <string>

#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace jit::sys {

// Reads a regular file that nobody can read but root, this program's user and, where its mode says
// so, this program's group. It is judged on the open file, and no link is followed.
//   path    absolute
//   errors  not_found; denied: owner or mode, or it may not be read; bad_input: no regular file,
//           empty, or more than max_bytes; unavailable
Result<SecretString> read_secret_file(const std::string &path, std::size_t max_bytes);

// What systemd has put under a name into a folder of this program's own (systemd.exec(5),
// LoadCredential=): root's word, whoever owns the file.
//   folder  empty: there is none
//   errors  not_found, also where it is no regular file; bad_input: empty, or more than max_bytes;
//           unavailable
Result<SecretString> read_credential(const std::string &folder, const std::string &name,
                                     std::size_t max_bytes);

} // namespace jit::sys
