// This host's own files, as `jitctl doctor` and `jitctl sudoers` look at them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/sudo_rules.h"
#include "doctor/sudo_side.h"
#include "jitctl/verbs.h"
#include "lib/ipc/json.h"

namespace jit::ctl {

// The names in a folder, sorted; none, if it cannot be read.
std::vector<std::string> list_folder(const std::string &path);

// Reads plain files of up to 256 KiB, and remembers which it could not.
class HostFiles
{
  public:
    explicit HostFiles(DoctorPlaces places) : places_(std::move(places)) {}

    const std::string &etc() const { return places_.etc; }

    // Absent: there is none, or it cannot be read, which is a fault.
    std::optional<std::string> read(const std::string &folder, const std::string &name);
    // A file of PAM's by its name or path, where the administrator or the distribution has it. Each
    // is read once, whoever includes it.
    const std::optional<std::string> &read_pam(const std::string &name);

    const std::vector<doctor::Finding> &faults() const { return faults_; }

  private:
    DoctorPlaces places_;
    std::map<std::string, std::optional<std::string>> pam_files_; // by name
    std::vector<doctor::Finding> faults_;
};

// sudoers, and the files of its folder that sudo reads.
struct SudoersLook {
    doctor::SudoSide side;
    doctor::SudoRules rules;
};
//   role_groups  the groups of roles that sudo opens
SudoersLook look_at_sudoers(HostFiles &files, const std::set<std::string> &role_groups);

// "fault: /etc/sudoers:3: what", and its advice in a line of its own.
std::vector<std::string> lines_of(const doctor::Finding &finding);
// A list of {"kind", "where", "what", "advice"}; null only when memory is short.
ipc::Json json_of(const std::vector<doctor::Finding> &findings);

} // namespace jit::ctl
