#include "lib/sys/digest.h"

#include <array>
#include <openssl/evp.h>

#include "lib/base/text.h"

namespace jit::sys {

Result<std::string> sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        return Error{Code::internal, "the library made no SHA-256"};
    std::string raw;
    for (unsigned i = 0; i < length; ++i)
        raw.push_back(static_cast<char>(digest[i]));
    return encode_hex(raw);
}

} // namespace jit::sys
