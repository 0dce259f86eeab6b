// The provider's signing keys (RFC 7517).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/provider.h"

namespace jit::oidc {

// The members of one RSA key that verification needs, each as it stood in the document.
struct Key {
    std::string kid;
    std::string n;      // base64url, at most 1024 bytes of modulus
    std::string e;      // base64url
    std::string issuer; // Microsoft's own member; empty: none. May hold "{tenantid}".
};

struct KeySet {
    std::vector<Key> keys; // RSA keys for signing only; kids differ

    const Key *find(std::string_view kid) const; // nullptr: none
};

HttpRequest make_keys_request(const Provider &provider);

// Keys of other kinds and uses are left out; two keys of one kid are an error, as is an empty set.
// At most 64 keys.
//   errors  unavailable: not received, or put off (pace.h); bad_input: anything else that is wrong
Result<KeySet> read_keys_reply(const HttpReply &reply);

} // namespace jit::oidc
