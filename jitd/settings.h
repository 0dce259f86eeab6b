// The configuration and the policy as they are in force, with what is wrong with the files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/secret.h"
#include "lib/oidc/host_key.h"
#include "lib/oidc/provider.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "policy/model.h"
#include "policy/source.h"

namespace jit::daemon {

struct Places {
    std::string config = "/etc/jit/jitd.toml";
    std::string policy = "/etc/jit/policy.d";
    std::string last_good = "/var/lib/jit"; // the folder for the kept copy of the policy
    std::string credentials;                // systemd.exec(5), LoadCredential=; empty: no folder
};

// Without `config` everything is denied as misconfigured; without `policy` nothing is granted and
// every door that the module asks about is gated.
struct Settings {
    std::optional<policy::Config> config;
    std::vector<policy::Diagnostic> config_faults;

    std::optional<policy::Policy> policy;
    std::string policy_digest;
    bool is_last_good = false; // the files have an error; what counts is the set before it
    std::vector<policy::Diagnostic> policy_faults;

    // Only with config: of each webhook; null: no hmac_key.
    std::vector<std::shared_ptr<const SecretString>> webhook_keys;

    // Only with config, and with credential = "certificate".
    std::shared_ptr<const oidc::HostKey> host_key;

    std::string ca_pem;          // what ca_file holds; empty: the system's roots
    policy::Host host;           // only with config
    oidc::Expectations expected; // only with config
};

// Reads /etc/jit anew. A policy without error is kept as the last good one; one with an error
// brings that back. No policy file at all, or no folder, means no policy, whatever was kept.
Settings load_settings(const Places &places);

// The first faults as one line for a log: "FILE:3:1: text (and 2 more)".
std::string summarize(const std::vector<policy::Diagnostic> &faults);

} // namespace jit::daemon
