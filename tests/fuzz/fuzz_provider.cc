// Any bytes as the provider's discovery document and as its keys: refused, or what is taken from
// them keeps what the headers promise.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"
#include "lib/oidc/signature.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;

namespace {

void expect(bool truth)
{
    if (!truth)
        std::abort();
}

bool is_ours(const std::string &endpoint, const Expectations &expected)
{
    return endpoint.starts_with("https://" + expected.authority_host + "/") &&
           endpoint.find_first_of("\r\n \"\\#") == std::string::npos;
}

void check_discovery(const HttpReply &reply, const Expectations &expected)
{
    const auto read = read_discovery_reply(expected, reply);
    if (!read) {
        expect(read.error().code == Code::bad_input || read.error().code == Code::unavailable);
        return;
    }
    expect(is_ours(read->device_authorization_endpoint, expected));
    expect(is_ours(read->token_endpoint, expected));
    expect(is_ours(read->jwks_uri, expected));
    expect(make_keys_request(*read).url == read->jwks_uri);
}

void check_keys(const HttpReply &reply)
{
    const auto read = read_keys_reply(reply);
    if (!read) {
        expect(read.error().code == Code::bad_input || read.error().code == Code::unavailable);
        return;
    }
    expect(!read->keys.empty() && read->keys.size() <= 64);
    std::set<std::string> kids;
    for (const Key &key : read->keys) {
        expect(kids.insert(key.kid).second && read->find(key.kid) == &key);
        // Nobody has signed this, fit key or not.
        const bool is_good = is_fit(key) && verify_rs256({"e30", "e30", key.n}, key);
        expect(!is_good);
    }
}

} // namespace

// The first byte chooses the status: '4', '5' and '9' one that is no success, others 200.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view body{reinterpret_cast<const char *>(data) + 1, size - 1};
    const long status = data[0] == '4' ? 404 : data[0] == '5' ? 503 : data[0] == '9' ? 429 : 200;
    const HttpReply reply = reply_of(status, body);
    const Expectations entra = entra_expectations();
    check_discovery(reply, entra);
    Expectations plain = entra;
    plain.is_entra = false;
    plain.tenant.clear();
    plain.issuer = "https://id.example.org";
    plain.authority_host = "id.example.org";
    check_discovery(reply, plain);
    check_keys(reply);
    const std::string uri{body.substr(0, 300)};
    if (is_showable_uri(entra, uri)) {
        expect(uri.starts_with("https://") && uri.size() <= 200);
        const std::string host = uri.substr(8, uri.find_first_of("/?#", 8) - 8);
        const auto &hosts = entra.verification_hosts;
        expect(std::find(hosts.begin(), hosts.end(), host) != hosts.end());
        for (const char c : uri)
            expect(c > ' ' && c < '\x7f' && c != '\\');
    }
    return 0;
}
