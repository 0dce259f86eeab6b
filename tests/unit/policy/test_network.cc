#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "policy/network.h"

using namespace jit::policy;

namespace {

// Whether an address that is one is in a network that is one.
bool is_in(std::string_view address, std::string_view network)
{
    const auto parsed_network = parse_network(network);
    const auto parsed_address = parse_address(address);
    if (!parsed_network || !parsed_address)
        std::printf("%s in %s\n", std::string{address}.c_str(), std::string{network}.c_str());
    assert_true(parsed_network.has_value() && parsed_address.has_value());
    return contains(*parsed_network, *parsed_address);
}

void an_address_is_in_the_networks_that_share_its_first_bits(void **)
{
    struct Row {
        const char *address;
        const char *network;
        bool is_in;
    };
    for (const Row &row : std::initializer_list<Row>{
             {"10.0.0.0", "10.0.0.0/8", true},
             {"10.255.255.255", "10.0.0.0/8", true},
             {"9.255.255.255", "10.0.0.0/8", false},
             {"11.0.0.0", "10.0.0.0/8", false},
             {"192.0.2.7", "192.0.2.7", true},
             {"192.0.2.7", "192.0.2.7/32", true},
             {"192.0.2.6", "192.0.2.7/32", false},
             {"0.0.0.0", "0.0.0.0/0", true},
             {"255.255.255.255", "0.0.0.0/0", true},
             // Prefixes that cut a byte.
             {"172.16.0.0", "172.16.0.0/12", true},
             {"172.31.255.255", "172.16.0.0/12", true},
             {"172.32.0.0", "172.16.0.0/12", false},
             {"172.15.255.255", "172.16.0.0/12", false},
             {"192.0.2.128", "192.0.2.128/25", true},
             {"192.0.2.127", "192.0.2.128/25", false},
             {"192.0.2.254", "192.0.2.254/31", true},
             {"192.0.2.255", "192.0.2.254/31", true},
             {"192.0.2.253", "192.0.2.254/31", false},
             {"2001:db8::", "2001:db8::/32", true},
             {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32", true},
             {"2001:db9::", "2001:db8::/32", false},
             {"2001:db7:ffff::", "2001:db8::/32", false},
             {"2001:dbf::1", "2001:db8::/29", true},
             {"2001:dc0::1", "2001:db8::/29", false},
             {"2001:db8::6", "2001:db8::6/127", true},
             {"2001:db8::7", "2001:db8::6/127", true},
             {"2001:db8::8", "2001:db8::6/127", false},
             {"2001:db8::7", "2001:db8::7", true},
             {"2001:DB8:0:0::7", "2001:db8::7/128", true},
             {"::", "::/0", true},
             {"fe80::1", "fe80::/10", true},
             {"febf::1", "fe80::/10", true},
             {"fec0::1", "fe80::/10", false},
         })
        if (is_in(row.address, row.network) != row.is_in) {
            std::printf("%s in %s\n", row.address, row.network);
            assert_true(false);
        }
}

void every_prefix_takes_its_own_bits_and_no_other(void **)
{
    // One bit after the other is set wrong: it matters where it stands within the prefix.
    for (unsigned prefix = 96; prefix <= 128; ++prefix) {
        Network network{*parse_address("255.255.255.255"), prefix};
        for (unsigned bit = prefix; bit < 128; ++bit)
            network.address.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
        for (unsigned bit = 0; bit < 128; ++bit) {
            Address other = *parse_address("255.255.255.255");
            other.at(bit / 8) ^= static_cast<std::uint8_t>(0x80U >> bit % 8);
            assert_true(contains(network, other) == (bit >= prefix));
        }
    }
}

void an_address_that_is_mapped_is_the_one_it_stands_for(void **)
{
    assert_true(*parse_address("192.0.2.7") == *parse_address("::ffff:192.0.2.7"));
    assert_true(*parse_address("192.0.2.7") == *parse_address("::FFFF:c000:207"));
    assert_true(is_in("::ffff:10.1.2.3", "10.0.0.0/8"));
    assert_false(is_in("::ffff:11.1.2.3", "10.0.0.0/8"));
    assert_true(is_in("10.1.2.3", "::ffff:10.0.0.0/104"));
    assert_true(is_in("10.1.2.3", "::ffff:0:0/96"));
    // Neither is the other where something else stands before it.
    assert_false(is_in("::10.1.2.3", "10.0.0.0/8"));
    assert_false(is_in("64:ff9b::10.1.2.3", "10.0.0.0/8"));
}

void every_ipv6_address_is_no_ipv4_address(void **)
{
    assert_false(is_in("192.0.2.7", "::/0"));
    assert_false(is_in("::ffff:192.0.2.7", "::/0"));
    assert_false(is_in("192.0.2.7", "::/80"));
    assert_false(is_in("2001:db8::1", "0.0.0.0/0"));
    assert_false(is_in("::1", "0.0.0.0/0"));
    assert_true(is_in("2001:db8::1", "::/0"));
    assert_true(is_in("::1", "::/0"));
}

void a_link_is_no_part_of_an_address(void **)
{
    assert_true(*parse_address("fe80::1%eth0") == *parse_address("fe80::1"));
    assert_true(is_in("fe80::1%eth0", "fe80::/10"));
    assert_true(is_in("::ffff:10.1.2.3%1", "10.0.0.0/8"));
    // In a network it would say something that is not looked at, and IPv4 has none.
    assert_false(parse_network("fe80::%eth0/10").has_value());
    assert_false(parse_network("fe80::1%eth0").has_value());
    assert_false(parse_address("10.1.2.3%eth0").has_value());
    assert_false(parse_address("%eth0").has_value());
}

void what_is_no_address_is_refused(void **)
{
    for (const std::string_view text :
         {std::string_view{""},
          std::string_view{" "},
          std::string_view{"10.0.0"},
          std::string_view{"10.0.0.0.0"},
          std::string_view{"10.0.0.256"},
          std::string_view{"10.0.0.-1"},
          std::string_view{"10.0.0.1 "},
          std::string_view{" 10.0.0.1"},
          std::string_view{"10.0.0.1\n"},
          std::string_view{"10.0.0.1\0", 9},
          std::string_view{"10.0.0.1\0.example.org", 21},
          std::string_view{"010.0.0.1"}, // eight, or ten?
          std::string_view{"10.00.0.1"},
          std::string_view{"10.0.0.01"},
          std::string_view{"0x0a.0.0.1"},
          std::string_view{"167772161"},
          std::string_view{"10.1"},
          std::string_view{"10,0,0,1"},
          std::string_view{"localhost"},
          std::string_view{"db.example.org"},
          std::string_view{"[::1]"},
          std::string_view{"::1::"},
          std::string_view{":"},
          std::string_view{":::"},
          std::string_view{"1:2:3:4:5:6:7"},
          std::string_view{"1:2:3:4:5:6:7:8:9"},
          std::string_view{"2001:db8::g"},
          std::string_view{"2001:db8::12345"},
          std::string_view{"::ffff:10.0.0"},
          std::string_view{"::ffff:010.0.0.1"},
          std::string_view{"::1\0", 4},
          std::string_view{"::1 "},
          std::string_view{"fe80::1 %eth0"},
          std::string_view{"10.0.0.1/8"},
          std::string_view{"0000:0000:0000:0000:0000:0000:255.255.255.2555"}})
        if (parse_address(text)) {
            std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
            assert_true(false);
        }
    assert_false(parse_address(std::string(100'000, ':')).has_value());
    assert_false(parse_address(std::string(100'000, '1')).has_value());
}

void a_network_has_no_bit_beyond_its_prefix(void **)
{
    for (const char *text : {"10.0.0.1/8", "10.128.0.0/8", "192.0.2.1/31", "0.0.0.1/0",
                             "128.0.0.0/0", "2001:db8::1/32", "2001:db8::1/127", "::1/0",
                             "::ffff:10.0.0.1/104", "::ffff:10.0.0.0/80"})
        assert_false(parse_network(text).has_value());
    assert_int_equal(parse_network("10.0.0.0/8")->prefix, 104);
    assert_int_equal(parse_network("0.0.0.0/0")->prefix, 96);
    assert_int_equal(parse_network("192.0.2.1")->prefix, 128);
    assert_int_equal(parse_network("2001:db8::/32")->prefix, 32);
}

void what_is_no_network_is_refused(void **)
{
    for (const std::string_view text :
         {std::string_view{""},
          std::string_view{"/"},
          std::string_view{"/8"},
          std::string_view{"10.0.0.0/"},
          std::string_view{"10.0.0.0/ 8"},
          std::string_view{"10.0.0.0/8 "},
          std::string_view{"10.0.0.0/08"},
          std::string_view{"0.0.0.0/00"},
          std::string_view{"10.0.0.0/+8"},
          std::string_view{"10.0.0.0/-8"},
          std::string_view{"10.0.0.0/0x8"},
          std::string_view{"10.0.0.0/33"},
          std::string_view{"10.0.0.0/104"},
          std::string_view{"10.0.0.0/4294967304"}, // 8, cut to 32 bits
          std::string_view{"10.0.0.0/99999999999999999999"},
          std::string_view{"10.0.0.0/8/8"},
          std::string_view{"10.0.0.0/255.0.0.0"},
          std::string_view{"10.0.0.0/8\0", 11},
          std::string_view{"10.0.0/8"},
          std::string_view{"10/8"},
          std::string_view{"010.0.0.0/8"},
          std::string_view{"*"},
          std::string_view{"10.0.0.*"},
          std::string_view{"10.0.0.0-10.0.0.9"},
          std::string_view{"any"},
          std::string_view{"example.org"},
          std::string_view{"2001:db8::/129"},
          std::string_view{"[2001:db8::]/32"}})
        if (parse_network(text)) {
            std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
            assert_true(false);
        }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_the_networks_that_share_its_first_bits),
        cmocka_unit_test(every_prefix_takes_its_own_bits_and_no_other),
        cmocka_unit_test(an_address_that_is_mapped_is_the_one_it_stands_for),
        cmocka_unit_test(every_ipv6_address_is_no_ipv4_address),
        cmocka_unit_test(a_link_is_no_part_of_an_address),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_network_has_no_bit_beyond_its_prefix),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests_name("policy/network", tests, nullptr, nullptr);
}
