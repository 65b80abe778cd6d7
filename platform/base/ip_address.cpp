#include "platform/base/ip_address.hpp"

#include "platform/base/result.hpp"

namespace airi {

namespace ip = boost::asio::ip;

ip::address plain_address(const ip::address& address) {
    if (address.is_v4()) return address;
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
    return ip::address_v6(v6.to_bytes());
}

// No /64 in use begins with 32 zero bits, so the two families share one key space.
std::uint64_t counted_network(const ip::address& address) {
    const auto plain = plain_address(address);
    if (plain.is_v4()) return plain.to_v4().to_uint();
    const auto bytes = plain.to_v6().to_bytes();
    std::uint64_t half = 0;
    for (std::size_t i = 0; i < 8; ++i) half = half << 8 | bytes[i];
    return half;
}

std::string counted_network(const std::string& address) {
    error_code ec;
    const auto v6 = ip::make_address_v6(address, ec);
    return ec ? address : ip::network_v6(v6, 64).canonical().to_string();
}

bool is_loopback_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    error_code ec;
    const auto address = ip::make_address(std::string(host), ec);
    return ec ? host == "localhost" : plain_address(address).is_loopback();
}

std::string host_text(const boost::asio::ip::address& address) {
    return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

address_list::address_list(const std::vector<std::string>& entries) {
    for (const auto& entry : entries) {
        const bool network = entry.find('/') != std::string::npos;
        if (entry.find(':') == std::string::npos)
            networks_.emplace_back(ip::make_network_v4(network ? entry : entry + "/32").canonical());
        else
            networks_.emplace_back(ip::make_network_v6(network ? entry : entry + "/128").canonical());
    }
}

bool address_list::contains(const ip::address& address) const {
    const auto plain = plain_address(address);
    for (const auto& network : networks_) {
        if (const auto* v4 = std::get_if<ip::network_v4>(&network)) {
            if (plain.is_v4() && ip::network_v4(plain.to_v4(), v4->prefix_length()).canonical() == *v4) return true;
        } else if (plain.is_v6()) {
            const auto& v6 = std::get<ip::network_v6>(network);
            if (ip::network_v6(plain.to_v6(), v6.prefix_length()).canonical() == v6) return true;
        }
    }
    return false;
}

}  // namespace airi
