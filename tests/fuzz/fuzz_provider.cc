// Any bytes as the provider's discovery document and as its keys: refused, or what is taken from
// them keeps what the headers promise. Of each key the second judge must say the same: fit, and
// for our issuer.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"
#include "lib/oidc/signature.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/flow.h"
#include "tests/unit/oidc/second_judge.h"

using namespace jit;
using namespace jit::oidc;

namespace {

bool is_ours(const std::string &endpoint, const Expectations &expected)
{
    return endpoint.starts_with("https://" + expected.authority_host + "/") &&
           endpoint.find_first_of("\r\n \"\\#") == std::string::npos;
}

// Where Graph is: one of the places that are known, the named one if it is among them.
void check_graph(const Provider &read, const HttpReply &reply, const Expectations &expected)
{
    const auto &known = expected.graph_hosts;
    const std::string_view body = reply.body.reveal();
    const Tree document{json_loadb(body.data(), body.size(), JSON_REJECT_DUPLICATES, nullptr)};
    const char *named = "";
    (void)json_unpack(document.get(), "{s?s}", "msgraph_host", &named);
    const bool is_known = std::find(known.begin(), known.end(), named) != known.end();
    expect(read.graph_host == (is_known ? named : known.empty() ? "" : known.front()));
    expect(asks_for_graph(expected, read) == (read.graph_host == "graph.microsoft.us"));
}

void check_discovery(const HttpReply &reply, const Expectations &expected)
{
    const auto read = read_discovery_reply(expected, reply);
    if (!read) {
        const Code code = read.error().code;
        expect(code == Code::bad_input || code == Code::unavailable || code == Code::denied);
        expect(*read.error().what != '\0');
        return;
    }
    expect(is_ours(read->device_authorization_endpoint, expected));
    expect(is_ours(read->token_endpoint, expected));
    expect(is_ours(read->jwks_uri, expected));
    expect(make_keys_request(*read).url == read->jwks_uri);
    check_graph(*read, reply, expected);
}

void check_keys(const HttpReply &reply, const Expectations &expected)
{
    const auto read = read_keys_reply(reply);
    if (!read) {
        expect(read.error().code == Code::bad_input || read.error().code == Code::unavailable);
        return;
    }
    expect(!read->keys.empty() && read->keys.size() <= 64);
    const std::string_view body = reply.body.reveal();
    const Tree document{json_loadb(body.data(), body.size(), JSON_REJECT_DUPLICATES, nullptr)};
    const Terms terms{expected, document.get(), 0, 0, 0};
    std::set<std::string> kids;
    for (const Key &key : read->keys) {
        expect(kids.insert(key.kid).second && read->find(key.kid) == &key);
        const bool is_ours = key.issuer.empty() || is_issuer(key.issuer, expected);
        expect((choose_key(key.kid, terms) != nullptr) == (is_ours && is_fit(key)));
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
    Expectations entra = entra_expectations();
    entra.graph_hosts = {"graph.microsoft.com", "graph.microsoft.us"};
    entra.scopes = {"openid", "https://graph.microsoft.us/User.Read"};
    check_discovery(reply, entra);
    Expectations plain = entra;
    plain.is_entra = false;
    plain.tenant.clear();
    plain.issuer = "https://id.example.org";
    plain.authority_host = "id.example.org";
    plain.graph_hosts.clear();
    check_discovery(reply, plain);
    check_keys(reply, entra);
    check_keys(reply, plain);
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
