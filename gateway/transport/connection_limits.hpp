// How many connections an address and the whole process may hold. Shared by the listeners of all threads.
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
    connection_limits(std::size_t per_address, std::size_t total) : per_address_(per_address), total_(total) {}

    /// One admitted connection; gives its place back when destroyed.
    class permit {
    public:
        permit() = default;
        permit(std::shared_ptr<connection_limits> from, std::optional<std::uint64_t> place)
            : from_(std::move(from)), place_(place) {}
        permit(permit&&) noexcept = default;
        permit& operator=(permit&&) = delete;
        ~permit() {
            if (from_) from_->leave(place_);
        }

    private:
        std::shared_ptr<connection_limits> from_;
        std::optional<std::uint64_t> place_;
    };

    /// None when a cap is reached. An exempt address (a trusted proxy) counts only for the whole process.
    std::optional<permit> enter(const boost::asio::ip::address& from, bool exempt);

private:
    void leave(std::optional<std::uint64_t> place) noexcept;

    const std::size_t per_address_;
    const std::size_t total_;
    std::mutex guard_;
    std::size_t all_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> held_;
};

}  // namespace airi::gateway
