#include "lib/oidc/signature.h"

#include <bit>
#include <optional>

#include "lib/oidc/base64url.h"
#include "lib/oidc/jose_quiet.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t min_modulus_bits = 2048;
constexpr std::size_t max_modulus_bits = 8192;
constexpr std::size_t max_exponent_bits = 32;

// An unsigned big-endian number.
struct Number {
    std::size_t bits = 0;
    bool odd = false;
};

std::optional<Number> read_number(std::string_view base64url)
{
    const auto decoded = decode_base64url(base64url);
    if (!decoded)
        return std::nullopt;
    std::string_view bytes = *decoded;
    while (bytes.starts_with('\0'))
        bytes.remove_prefix(1);
    if (bytes.empty())
        return Number{};
    const auto first = static_cast<unsigned char>(bytes.front());
    const auto last = static_cast<unsigned char>(bytes.back());
    return Number{(bytes.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(first)),
                  (last & 1) != 0};
}

} // namespace

bool is_fit(const Key &key)
{
    const auto modulus = read_number(key.n);
    const auto exponent = read_number(key.e);
    return modulus && modulus->odd && modulus->bits >= min_modulus_bits &&
           modulus->bits <= max_modulus_bits && exponent && exponent->odd && exponent->bits >= 2 &&
           exponent->bits <= max_exponent_bits;
}

bool verify_rs256(const SignedParts &parts, const Key &key)
{
    // From n and e alone: libjose must not see what else the provider's document says of the key.
    const Json jwk{json_pack("{s:s, s:s, s:s%, s:s%}", "kty", "RSA", "alg", "RS256", "n",
                             key.n.data(), key.n.size(), "e", key.e.data(), key.e.size())};
    const Json jws{json_pack("{s:s%, s:s%, s:s%}", "protected", parts.header.data(),
                             parts.header.size(), "payload", parts.payload.data(),
                             parts.payload.size(), "signature", parts.signature.data(),
                             parts.signature.size())};
    const JoseConfig cfg = make_quiet_config();
    if (!jwk || !jws || !cfg)
        return false;
    return jose_jws_ver(cfg.get(), jws.get(), nullptr, jwk.get(), false);
}

} // namespace jit::oidc
