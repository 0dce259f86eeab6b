// The files that `jitctl policy check` looks at, and what is wrong with them as files.
#pragma once

#include <string>
#include <vector>

#include "policy/source.h"

namespace jit::ctl {

struct PolicyFiles {
    std::vector<policy::SourceFile> files;
    std::vector<policy::Diagnostic> diagnostics;
    bool is_absent = false; // there is no such file
};

// As jitd reads the host's own: whoever but root can write a file or a folder is an error.
PolicyFiles read_installed(const std::string &directory);

// A draft anywhere: the same is a warning, since jitd would refuse it there.
PolicyFiles read_draft(const std::string &directory);

// One file anywhere: the tests of a policy; the claims of a token, which may be at most 64 KiB.
PolicyFiles read_draft_file(const std::string &path);
PolicyFiles read_claims(const std::string &path);

// jitd.toml, and the file that its ca_file names.
PolicyFiles read_config(const std::string &path);
PolicyFiles read_authorities(const std::string &path);

} // namespace jit::ctl
