#include "lib/sys/digest.h"

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/base/text.h"

namespace jit::sys {

namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hex_of(const Digest &digest, unsigned length)
{
    std::string raw;
    for (unsigned i = 0; i < length; ++i)
        raw.push_back(static_cast<char>(digest[i]));
    return encode_hex(raw);
}

} // namespace

Result<std::string> sha256_hex(std::string_view bytes)
{
    Digest digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        return Error{Code::internal, "the library made no SHA-256"};
    return hex_of(digest, length);
}

Result<std::string> hmac_sha256_hex(std::string_view key, std::string_view bytes)
{
    Digest digest{};
    unsigned length = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size(), digest.data(),
             &length) == nullptr)
        return Error{Code::internal, "the library made no HMAC"};
    return hex_of(digest, length);
}

} // namespace jit::sys
