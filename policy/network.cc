#include "policy/network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <iterator>

namespace jit::policy {

namespace {

constexpr unsigned mapped_bits = 96;
constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_mapped(const Address &address)
{
    return std::equal(mapped.begin(), mapped.end(), address.begin());
}

// Whether two addresses agree in their first bits.
bool agree(const Address &a, const Address &b, unsigned bits)
{
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin()))
        return false;
    const unsigned rest = bits % 8;
    if (rest == 0)
        return true;
    const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - rest));
    return ((a.at(whole) ^ b.at(whole)) & mask) == 0;
}

} // namespace

std::optional<Address> parse_address(std::string_view text)
{
    // inet_pton() takes dotted quads without leading zeros only, and IPv6 as RFC 4291 writes it.
    const bool is_v6 = text.find(':') != text.npos;
    const std::string plain{is_v6 ? text.substr(0, text.find('%')) : text};
    if (plain.size() >= INET6_ADDRSTRLEN || plain.find('\0') != plain.npos)
        return std::nullopt;
    Address out{};
    if (is_v6) {
        if (inet_pton(AF_INET6, plain.c_str(), out.data()) != 1)
            return std::nullopt;
        return out;
    }
    std::copy(mapped.begin(), mapped.end(), out.begin());
    if (inet_pton(AF_INET, plain.c_str(), &out.at(mapped.size())) != 1)
        return std::nullopt;
    return out;
}

std::optional<Network> parse_network(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const auto address = parse_address(host);
    if (!address || host.find('%') != host.npos)
        return std::nullopt;
    const bool is_v4 = host.find(':') == host.npos;
    const unsigned most = is_v4 ? 32 : 128;
    unsigned bits = most;
    if (slash != text.npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, fault] = std::from_chars(digits.begin(), digits.end(), bits);
        if (fault != std::errc{} || end != digits.end() || bits > most ||
            (digits.size() > 1 && digits[0] == '0'))
            return std::nullopt;
    }
    const Network network{*address, bits + (is_v4 ? mapped_bits : 0)};
    Address rest = *address;
    for (unsigned bit = network.prefix; bit < 128; ++bit)
        rest.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
    if (rest != *address)
        return std::nullopt;
    return network;
}

bool contains(const Network &network, const Address &address)
{
    // ::/0 is every IPv6 address, and no IPv4 one: those have a /0 of their own.
    if (network.prefix < mapped_bits && is_mapped(address))
        return false;
    return agree(network.address, address, network.prefix);
}

} // namespace jit::policy
