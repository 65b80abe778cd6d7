// IP addresses as limits and allow lists see them. Used by the gateway's connection and request limits.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace airi {

/// An IPv4 address mapped into IPv6 becomes the IPv4 address it is. A link-local one loses the interface it belongs to
/// ("fe80::1%eth0"), which neither a network nor Postgres' inet has.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address);

/// The unit that a limit counts: an IPv4 address, or the /64 network of an IPv6 address, because one customer has a
/// whole /64.
std::uint64_t counted_network(const boost::asio::ip::address& address);
/// The same as text: "203.0.113.7", "2001:db8::/64". A text that is no IPv6 address is returned as it is.
std::string counted_network(const std::string& address);

/// Whether a URL's host is this machine itself: an address of 127.0.0.0/8, ::1, in brackets or not, or "localhost". A
/// name that only begins like such an address is none.
bool is_loopback_host(std::string_view host);

/// An address as the host of a URL, an IPv6 one in its brackets.
std::string host_text(const boost::asio::ip::address& address);

/// Addresses and networks in text form, e.g. {"127.0.0.1", "10.0.0.0/8"}.
class address_list {
public:
    /// Throws boost::system::system_error for an entry that is neither (at start-up only).
    explicit address_list(const std::vector<std::string>& entries);
    bool empty() const noexcept { return networks_.empty(); }
    bool contains(const boost::asio::ip::address& address) const;

private:
    std::vector<std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>> networks_;
};

}  // namespace airi
