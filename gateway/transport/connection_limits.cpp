#include "gateway/transport/connection_limits.hpp"

#include "platform/base/ip_address.hpp"

namespace airi::gateway {
namespace ip = boost::asio::ip;
std::optional<connection_limits::permit> connection_limits::enter(const ip::address& from, bool exempt) {
    const auto place = exempt ? std::nullopt : std::optional(counted_network(from));
    const std::lock_guard lock(guard_);
    if (all_ >= total_) return std::nullopt;
    if (place) {
        auto& held = held_[*place];
        if (held >= per_address_) return std::nullopt;
        ++held;
    }
    ++all_;
    return std::optional<permit>(std::in_place, shared_from_this(), place);
}

void connection_limits::leave(std::optional<std::uint64_t> place) noexcept {
    const std::lock_guard lock(guard_);
    --all_;
    if (!place) return;
    const auto found = held_.find(*place);
    if (found != held_.end() && --found->second == 0) held_.erase(found);
}

}  // namespace airi::gateway
