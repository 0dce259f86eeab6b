// The host's own certificate and key, as jitd.toml names them.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "lib/base/clock.h"
#include "lib/oidc/host_key.h"
#include "policy/config.h"
#include "policy/source.h"

namespace jit::daemon {

// Reads both. The certificate is public, and as root-owned as jitd.toml; the key is a secret, by a
// path or by the name of a systemd credential.
//   config       with Config::Credential::certificate
//   credentials  the folder of systemd's credentials; empty: none
//   returns      else what is wrong, and what to do
std::variant<std::shared_ptr<const oidc::HostKey>, policy::Diagnostic>
read_host_key(const policy::Config &config, const std::string &credentials);

} // namespace jit::daemon
