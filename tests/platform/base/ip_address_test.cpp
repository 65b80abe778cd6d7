#include "platform/base/ip_address.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

auto address(const char* text) { return boost::asio::ip::make_address(text); }

}  // namespace

TEST_CASE("a mapped IPv4 address becomes the IPv4 address") {
    CHECK(plain_address(address("::ffff:203.0.113.7")) == address("203.0.113.7"));
    CHECK(plain_address(address("203.0.113.7")) == address("203.0.113.7"));
    CHECK(plain_address(address("2001:db8::1")) == address("2001:db8::1"));
}

TEST_CASE("a link-local address loses its interface") {
    CHECK(plain_address(address("fe80::1%1")).to_string() == "fe80::1");
    CHECK(plain_address(address("fe80::1%lo")).to_string() == "fe80::1");
    CHECK(address_list({"fe80::/10"}).contains(address("fe80::1%1")));
}

TEST_CASE("an IPv4 address is counted alone, an IPv6 address with its /64 network") {
    CHECK(counted_network(address("203.0.113.7")) != counted_network(address("203.0.113.8")));
    CHECK(counted_network(address("203.0.113.7")) == counted_network(address("::ffff:203.0.113.7")));
    CHECK(counted_network(address("2001:db8::1")) == counted_network(address("2001:db8::ffff:2")));
    CHECK(counted_network(address("2001:db8:0:1::1")) != counted_network(address("2001:db8:0:2::1")));
    CHECK(counted_network(std::string("203.0.113.7")) == "203.0.113.7");
    CHECK(counted_network(std::string("2001:db8::1")) == "2001:db8::/64");
    CHECK(counted_network(std::string("2001:db8::ffff:2")) == "2001:db8::/64");
    CHECK(counted_network(std::string("no address")) == "no address");
}

TEST_CASE("only an address of the loopback networks, or localhost, is this machine") {
    for (const auto* own : {"localhost", "127.0.0.1", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1"})
        CHECK_MESSAGE(is_loopback_host(own), own);
    for (const auto* other : {"127.evil.com", "127.0.0.1.evil.com", "127.1", "127.", "128.0.0.1", "10.0.0.1", "::2",
             "[::2]", "localhost.evil.com", "0.0.0.0", "2130706433", "", "[]", "[127.0.0.1"})
        CHECK_MESSAGE(!is_loopback_host(other), other);
}

TEST_CASE("an address list contains its addresses and the addresses of its networks") {
    const address_list list({"127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "::1"});
    for (const auto* inside : {"127.0.0.1", "::ffff:127.0.0.1", "10.255.1.2", "2001:db8:1::1", "::1"})
        CHECK(list.contains(address(inside)));
    for (const auto* outside : {"127.0.0.2", "11.0.0.1", "2001:db9::1", "::2"})
        CHECK_FALSE(list.contains(address(outside)));
    CHECK_THROWS(address_list({"localhost"}));
}
