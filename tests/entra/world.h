// All that the emulator knows, shared by its two servers.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "tests/entra/config.h"
#include "tests/entra/faults.h"
#include "tests/entra/flows.h"
#include "tests/entra/keys.h"

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

struct World {
    Config config;    // never changed once the servers run
    std::string port; // "" for 443, else ":8443"
    KeyRing keys;
    Flows flows;
    Faults faults;
    Counters counters;
    // What /control/lifetime changes.
    std::atomic<long> code_lifetime_s = 900;
    std::atomic<long> interval_s = 5;
    std::atomic<bool> slow_down_early = false;

    std::string authority() const { return "https://login.microsoftonline.com" + port; }
    std::string device_page() const { return "https://login.microsoft.com" + port + "/device"; }
    void restore_pace()
    {
        code_lifetime_s = config.code_lifetime_s;
        interval_s = config.interval_s;
        slow_down_early = config.slow_down_early;
    }
};

} // namespace jit::entra
