// A host whose user "nobody" may ask for roles: over ssh, as root's programs tell of him, and by
// himself. Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/net/http.h"
#include "policy/parse.h"
#include "tests/unit/jitd/service.h"

namespace jit::daemon::test {

inline constexpr uid_t somebody = 65534; // "nobody", who is the requester as well
inline constexpr const char *some_oid = "a11ce000-0000-4000-8000-000000000001";
// Two connections of one client, and what it has proven on them.
inline const std::string first = "192.0.2.7 50022 192.0.2.1 22";
inline const std::string second = "192.0.2.7 50023 192.0.2.1 22";
inline const std::string key = "publickey ssh-ed25519 AAAA";

// A role that he may ask for, with a group of its name, and these lines more.
inline std::string make_role(const std::string &name, const std::string &service,
                             const std::string &more)
{
    return "[role." + name + "]\ngroups = [\"jit-" + name + "\"]\nservices = [\"" + service +
           "\"]\nrequesters = [\"user:" + std::string{some_oid} + "\"]\nmax_duration = \"1h\"\n" +
           more;
}

struct NobodysHost {
    //   provider  its address; empty: nobody is asked to sign in
    //   patience  with one answer of it
    explicit NobodysHost(const std::string &policy, std::chrono::seconds patience = 1s,
                         const std::string &provider = {})
    {
        service.settings.config->users["nobody"] = some_oid;
        const std::vector<policy::SourceFile> files{{"a.toml", policy}};
        service.settings.policy = policy::parse_policy(files).policy;
        assert_true(service.settings.policy.has_value());
        service.settings.policy_digest = std::string(64, 'a');
        service.settings.expected.discovery_url = provider;
        http = *net::HttpClient::make(service.loop.get(), {"", "", patience});
        service.requests->set_provider(http.get());
    }
    ~NobodysHost() { service.requests->set_provider(nullptr); }
    NobodysHost(const NobodysHost &) = delete;
    NobodysHost &operator=(const NobodysHost &) = delete;

    Service service;
    std::unique_ptr<net::HttpClient> http;
};

} // namespace jit::daemon::test
