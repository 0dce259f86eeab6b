#include "tests/entra/random.h"

#include <cstdlib>
#include <cstring>
#include <string_view>

#include <openssl/rand.h>

#include "lib/base/text.h"
#include "tests/entra/encode.h"

namespace jit::entra {

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    // Without randomness nothing the emulator says would mean anything.
    if (RAND_bytes(reinterpret_cast<unsigned char *>(bytes.data()), static_cast<int>(count)) != 1)
        std::abort();
    return bytes;
}

std::uint32_t random_below(std::uint32_t bound)
{
    const std::string bytes = random_bytes(8);
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return static_cast<std::uint32_t>(number % bound);
}

std::string random_guid()
{
    std::string bytes = random_bytes(16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
    std::string text = encode_hex(bytes);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        text.insert(at, 1, '-');
    return text;
}

std::string random_user_code()
{
    // Without 0 and 1, I and O, which people mistake for each other.
    constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string code;
    for (int i = 0; i < 9; ++i)
        code += alphabet[random_below(alphabet.size())];
    return code;
}

std::string random_token(const std::string &prefix, std::size_t bytes)
{
    return prefix + encode_base64url(random_bytes(bytes));
}

} // namespace jit::entra
