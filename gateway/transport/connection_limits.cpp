#include "gateway/transport/connection_limits.hpp"

namespace airi::gateway {
namespace ip = boost::asio::ip;
namespace {

// One customer has a whole IPv6 /64, so that is what is counted. No /64 in use begins with 32 zero bits, so
// the two families share one key space.
std::uint64_t place_of(const ip::address& from) {
    if (from.is_v4()) return from.to_v4().to_uint();
    const auto bytes = from.to_v6().to_bytes();
    std::uint64_t half = 0;
    for (std::size_t i = 0; i < 8; ++i) half = half << 8 | bytes[i];
    return half;
}

}  // namespace

ip::address plain(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

std::optional<admission::ticket> admission::enter(const ip::address& from, bool exempt) {
    const auto place = exempt ? std::nullopt : std::optional(place_of(plain(from)));
    const std::lock_guard lock(guard_);
    if (all_ >= total_) return std::nullopt;
    if (place) {
        auto& held = held_[*place];
        if (held >= per_address_) return std::nullopt;
        ++held;
    }
    ++all_;
    return std::optional<ticket>(std::in_place, shared_from_this(), place);
}

void admission::leave(std::optional<std::uint64_t> place) noexcept {
    const std::lock_guard lock(guard_);
    --all_;
    if (!place) return;
    const auto found = held_.find(*place);
    if (found != held_.end() && --found->second == 0) held_.erase(found);
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
    const auto it = plain(address);
    for (const auto& network : networks_) {
        if (const auto* v4 = std::get_if<ip::network_v4>(&network)) {
            if (it.is_v4() && ip::network_v4(it.to_v4(), v4->prefix_length()).canonical() == *v4) return true;
        } else if (it.is_v6()) {
            const auto& v6 = std::get<ip::network_v6>(network);
            if (ip::network_v6(it.to_v6(), v6.prefix_length()).canonical() == v6) return true;
        }
    }
    return false;
}

}  // namespace airi::gateway
