// A policy read as jitd would read it, with the configuration that it goes by, for the verbs that
// look at policies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jitctl/output.h"
#include "jitctl/verbs.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "policy/model.h"
#include "policy/source.h"

namespace jit::ctl {

struct LoadedPolicy {
    std::size_t files = 0;
    bool is_installed = false;            // the host's own, not a draft
    std::optional<policy::Policy> policy; // absent with any error
    std::vector<policy::Diagnostic> diagnostics;

    // Of this host, whatever the folder: it says of which kind ids are, and who is whom.
    std::optional<policy::Config> config; // absent: none, or one with an error
    bool has_config_file = true;          // whatever it holds, and whether it can be read
    std::vector<policy::Diagnostic> config_diagnostics;
};

//   directory  absent: the host's own policy
LoadedPolicy load_policy(const std::optional<std::string> &directory, const PolicyPlaces &places);

// The policy's errors, said; what a verb gives back that needs a policy without any.
Exit report_errors(const Output &output, const LoadedPolicy &loaded);

// This host as its configuration names it, and without one by the system's own name.
policy::Host host_of(const std::optional<policy::Config> &config);

} // namespace jit::ctl
