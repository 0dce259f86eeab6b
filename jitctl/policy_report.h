// What is wrong with files, said as the verbs that look at policies say it.
#pragma once

#include <string_view>
#include <vector>

#include "jitctl/output.h"
#include "policy/source.h"

namespace jit::ctl {

// As --json has them.
ipc::Json json_of(const std::vector<policy::Diagnostic> &diagnostics);

// The errors among them, then what comes of them; with --json one object, which has them all.
//   returns  usage
Exit report_faults(const Output &output, const std::vector<policy::Diagnostic> &diagnostics,
                   std::string_view message);

} // namespace jit::ctl
