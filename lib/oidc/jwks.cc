#include "lib/oidc/jwks.h"

#include <algorithm>

#include "lib/oidc/base64url.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_keys = 64;
constexpr std::size_t max_kid_bytes = 256;
constexpr std::size_t max_modulus_bytes = 1024;
constexpr std::size_t max_exponent_bytes = 8;
constexpr std::size_t max_issuer_bytes = 512;

bool is_number(std::string_view base64url, std::size_t max_bytes)
{
    const auto bytes = decode_base64url(base64url);
    return bytes && !bytes->empty() && bytes->size() <= max_bytes;
}

// For signatures by RS256. Microsoft's keys carry `use` and no `alg`; a key that does not say what
// it is for is not taken.
bool is_wanted(const json_t *entry)
{
    if (text_member(entry, "kty") != "RSA" || text_member(entry, "use") != "sig")
        return false;
    const json_t *alg = json_object_get(entry, "alg");
    return alg == nullptr || text_member(entry, "alg") == "RS256";
}

Result<Key> read_key(const json_t *entry)
{
    const auto kid = text_member(entry, "kid");
    const auto n = text_member(entry, "n");
    const auto e = text_member(entry, "e");
    if (!kid || kid->empty() || kid->size() > max_kid_bytes)
        return Error{Code::bad_input, "a signing key has no usable kid"};
    if (!n || !is_number(*n, max_modulus_bytes) || !e || !is_number(*e, max_exponent_bytes))
        return Error{Code::bad_input, "a signing key's numbers can not be read"};
    Key key{std::string{*kid}, std::string{*n}, std::string{*e}, {}};
    if (json_object_get(entry, "issuer") != nullptr) {
        const auto issuer = text_member(entry, "issuer");
        // Empty would read as "no issuer named".
        if (!issuer || issuer->empty() || issuer->size() > max_issuer_bytes)
            return Error{Code::bad_input, "a signing key's issuer can not be read"};
        key.issuer = *issuer;
    }
    return key;
}

} // namespace

const Key *KeySet::find(std::string_view kid) const
{
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const Key &key) { return key.kid == kid; });
    return found == keys.end() ? nullptr : &*found;
}

HttpRequest make_keys_request(const Provider &provider)
{
    HttpRequest request;
    request.url = provider.jwks_uri;
    return request;
}

Result<KeySet> read_keys_reply(const HttpReply &reply)
{
    const Json parsed = TRY(read_document(reply, "the provider's keys could not be fetched",
                                          "the provider's keys are not a JSON object"));
    const json_t *list = json_object_get(parsed.get(), "keys");
    if (!json_is_array(list) || json_array_size(list) > max_keys)
        return Error{Code::bad_input, "the provider's keys are not a list of at most 64"};

    KeySet set;
    for (std::size_t i = 0; i < json_array_size(list); ++i) {
        const json_t *entry = json_array_get(list, i);
        if (!json_is_object(entry))
            return Error{Code::bad_input, "one of the provider's keys is not an object"};
        if (!is_wanted(entry))
            continue;
        Key key = TRY(read_key(entry));
        if (set.find(key.kid) != nullptr)
            return Error{Code::bad_input, "two of the provider's keys have one kid"};
        set.keys.push_back(std::move(key));
    }
    if (set.keys.empty())
        return Error{Code::bad_input, "the provider has no key for RS256 signatures"};
    return set;
}

} // namespace jit::oidc
