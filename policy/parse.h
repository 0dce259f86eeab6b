// Reads the policy files' text into a Policy, or says everything that is wrong with it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/zone.h"
#include "policy/config.h"
#include "policy/model.h"
#include "policy/source.h"

namespace jit::policy {

struct ParsedPolicy {
    std::optional<Policy> policy;        // absent if any diagnostic is an error
    std::vector<Diagnostic> diagnostics; // in the order of the files, then of the lines
};

// What the files are read by, besides their text.
struct ParseOptions {
    // With Microsoft Entra: `user:` and `group:` name object ids. False, with any other issuer: 1
    // to 128 printable ASCII characters, compared byte by byte.
    bool ids_are_guids = true;
    // A time zone by its name, null if there is none; absent: only UTC is known.
    std::function<std::shared_ptr<const Zone>(std::string_view name)> find_zone{};
    // Whether this host has a local group: one that it lacks is worth a warning. Absent: all exist.
    std::function<bool(const std::string &name)> has_group{};
    // Which group as good as root has the gid of a group on this host, root of one with gid 0;
    // empty: none. Absent: no group has another's. The daemons look at that when they grant.
    std::function<std::string(const std::string &name)> root_twin{};
    // What approvals need of jitd.toml: approver_client_id, and a credential of the host.
    bool has_approver_client = true;
    bool has_credential = true;
};

// What a policy is read by on a host with that jitd.toml. Null: with any, so far as a text can be
// good with one.
ParseOptions options_with(const Config *config);

// Reads a whole set of policy files: faults across files (two roles of one name) are found too.
// Pure but for find_zone; never throws but for want of memory; hostile text of any size up to the
// caller's cap gives diagnostics (at most 100, then one that says so), never a crash.
//   files    in name order; more of them, or of their roles, than policy/limits.h allows are one
//            error, and what is beyond is not read
//   returns  the policy, if nothing is wrong; no role at all is one error ("no role is defined")
//   spec     jit-policy(5)
ParsedPolicy parse_policy(std::span<const SourceFile> files, const ParseOptions &options = {});

} // namespace jit::policy
