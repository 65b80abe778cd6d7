#include "gateway/transport/connection_limits.hpp"

#include "platform/base/ip_address.hpp"

namespace airi::gateway {

std::optional<connection_limits::permit> connection_limits::enter(
    const boost::asio::ip::address& address, bool exempt) {
    const auto network = exempt ? std::nullopt : std::optional(counted_network(address));
    const std::lock_guard lock(guard_);
    if (total_open_ >= max_total_) return std::nullopt;
    if (network) {
        auto& open = open_[*network];
        if (open >= max_per_address_) return std::nullopt;
        ++open;
    }
    ++total_open_;
    return std::optional<permit>(std::in_place, shared_from_this(), network);
}

void connection_limits::leave(std::optional<std::uint64_t> network) noexcept {
    const std::lock_guard lock(guard_);
    --total_open_;
    if (!network) return;
    const auto found = open_.find(*network);
    if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace airi::gateway
