#include "lib/sys/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "lib/base/text.h"

namespace jit::sys {

namespace {

Result<std::string> read_random(std::size_t bytes)
{
    std::string read(bytes, '\0');
    // Up to 256 bytes come whole once the pool is ready (getrandom(2)).
    if (getrandom(read.data(), bytes, 0) != static_cast<ssize_t>(bytes))
        return Error{Code::internal, "no random bytes", errno};
    return read;
}

} // namespace

Result<std::string> make_id()
{
    return encode_hex(TRY(read_random(8)));
}

Result<std::array<std::uint8_t, 8>> make_bytes()
{
    const std::string bytes = TRY(read_random(8));
    std::array<std::uint8_t, 8> made{};
    std::copy(bytes.begin(), bytes.end(), made.begin());
    return made;
}

Result<std::string> make_guid()
{
    std::string bytes = TRY(read_random(16));
    bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
    const std::string hex = encode_hex(bytes);
    const std::string_view h{hex};
    std::string made;
    made.reserve(36); // many are kept
    for (const std::string_view part :
         {h.substr(0, 8), h.substr(8, 4), h.substr(12, 4), h.substr(16, 4), h.substr(20)}) {
        if (!made.empty())
            made += '-';
        made += part;
    }
    return made;
}

} // namespace jit::sys
