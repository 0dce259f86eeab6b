// Networks by address and prefix length, conditions.from: "10.0.0.0/8", "2001:db8::/32".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jit::policy {

// IPv6; an IPv4 address is mapped into ::ffff:0:0/96 (RFC 4291 section 2.5.5.2), so that the two
// ways to write one are the same address.
using Address = std::array<std::uint8_t, 16>;

struct Network {
    Address address{};   // no bit set beyond the prefix
    unsigned prefix = 0; // of 128 bits; an IPv4 network's is 96 more than it was written with
};

// "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"; an IPv6 zone ("%eth0") is left out, since a
// link's name is not part of the address. No host names, no brackets, no leading zeros.
//   returns  absent: it is none of these
std::optional<Address> parse_address(std::string_view text);

// An address, or one with "/" and the length of its prefix.
//   returns  absent: it is none, or has bits beyond its prefix ("10.0.0.1/8")
std::optional<Network> parse_network(std::string_view text);

bool contains(const Network &network, const Address &address);

} // namespace jit::policy
