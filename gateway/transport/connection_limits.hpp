// Limits the open connections of an IP address and of the whole process. Shared by the listeners of all threads.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace airi::gateway {

class connection_limits : public std::enable_shared_from_this<connection_limits> {
public:
    connection_limits(std::size_t per_address, std::size_t total) : max_per_address_(per_address), max_total_(total) {}

    /// One admitted connection; leaves the count when destroyed.
    class permit {
    public:
        permit() = default;
        permit(std::shared_ptr<connection_limits> limits, std::optional<std::uint64_t> network)
            : limits_(std::move(limits)), network_(network) {}
        permit(permit&&) noexcept = default;
        permit& operator=(permit&&) = delete;
        ~permit() {
            if (limits_) limits_->leave(network_);
        }

    private:
        std::shared_ptr<connection_limits> limits_;
        std::optional<std::uint64_t> network_;
    };

    /// None when a limit is reached. An exempt address (a trusted proxy) counts only for the whole process.
    std::optional<permit> enter(const boost::asio::ip::address& address, bool exempt);

private:
    void leave(std::optional<std::uint64_t> network) noexcept;

    const std::size_t max_per_address_;
    const std::size_t max_total_;
    std::mutex guard_;
    std::size_t total_open_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> open_;
};

}  // namespace airi::gateway
