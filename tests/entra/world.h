// All that the emulator knows, shared by its two servers.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/entra/access_tokens.h"
#include "tests/entra/arc_keys.h"
#include "tests/entra/clouds.h"
#include "tests/entra/config.h"
#include "tests/entra/faults.h"
#include "tests/entra/flows.h"
#include "tests/entra/graph_paging.h"
#include "tests/entra/host_credentials.h"
#include "tests/entra/keys.h"
#include "tests/entra/pim.h"

namespace jit::entra {

// Requests received, by endpoint: tests assert with it that the provider was not asked.
class Counters
{
  public:
    void count(const std::string &endpoint)
    {
        const std::lock_guard lock{mutex_};
        ++counts_[endpoint];
    }
    std::map<std::string, long> all() const
    {
        const std::lock_guard lock{mutex_};
        return counts_;
    }
    void clear()
    {
        const std::lock_guard lock{mutex_};
        counts_.clear();
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, long> counts_;
};

// Device codes and tokens, as they were handed out; tests look that nobody keeps them.
class Secrets
{
  public:
    void add(const std::string &secret)
    {
        const std::lock_guard lock{mutex_};
        secrets_.push_back(secret);
    }
    std::vector<std::string> all() const
    {
        const std::lock_guard lock{mutex_};
        return secrets_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> secrets_;
};

struct World {
    Config config;    // never changed once the servers run
    std::string port; // "" for 443, else ":8443"
    KeyRing keys;
    Flows flows;
    AccessTokens access_tokens;
    GraphPages graph_pages;
    Pim pim;
    HostCredentials host_credentials;
    ArcKeys arc_keys;
    Faults faults;
    Counters counters;
    Secrets secrets; // kept by `reset`
    // What /control/lifetime changes.
    std::atomic<long> code_lifetime_s = 900;
    std::atomic<long> interval_s = 5;
    std::atomic<bool> slow_down_early = false;
    std::atomic<long> access_token_s = 0; // an access token's life; 0: Entra's, 60 to 90 minutes

    // "https://" and the host, with the port where it is not 443.
    std::string site(std::string_view host) const { return "https://" + std::string{host} + port; }
    std::string authority(const Cloud &cloud) const { return site(cloud.authority_host); }
    std::string device_page(const Cloud &cloud) const
    {
        const std::size_t slash = cloud.page.find('/');
        return site(cloud.page.substr(0, slash)).append(cloud.page.substr(slash));
    }
    // PIM's groups and the managed identity's permissions, as configured.
    void restore_directory()
    {
        pim.restore(config, wall_time());
        host_credentials.set_permissions(config.identity.permissions);
        host_credentials.forget_uses();
    }
    void restore_pace()
    {
        code_lifetime_s = config.code_lifetime_s;
        interval_s = config.interval_s;
        slow_down_early = config.slow_down_early;
        access_token_s = 0;
    }
};

} // namespace jit::entra
