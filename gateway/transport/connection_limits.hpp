// How many connections an address and the whole process may hold. Shared by the listeners of all threads.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace airi::gateway {

class admission : public std::enable_shared_from_this<admission> {
public:
    admission(std::size_t per_address, std::size_t total) : per_address_(per_address), total_(total) {}

    /// One admitted connection; gives its place back when destroyed.
    class ticket {
    public:
        ticket() = default;
        ticket(std::shared_ptr<admission> from, std::optional<std::uint64_t> place)
            : from_(std::move(from)), place_(place) {}
        ticket(ticket&&) noexcept = default;
        ticket& operator=(ticket&&) = delete;
        ~ticket() {
            if (from_) from_->leave(place_);
        }

    private:
        std::shared_ptr<admission> from_;
        std::optional<std::uint64_t> place_;
    };

    /// None when a cap is reached. An exempt address (a trusted proxy) counts only for the whole process.
    std::optional<ticket> enter(const boost::asio::ip::address& from, bool exempt);

private:
    void leave(std::optional<std::uint64_t> place) noexcept;

    const std::size_t per_address_;
    const std::size_t total_;
    std::mutex guard_;
    std::size_t all_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> held_;
};

/// Addresses and networks in text form, e.g. {"127.0.0.1", "10.0.0.0/8"}.
class address_list {
public:
    /// Throws boost::system::system_error for an entry that is neither (at start-up only).
    explicit address_list(const std::vector<std::string>& entries);
    bool contains(const boost::asio::ip::address& address) const;

private:
    std::vector<std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>> networks_;
};

/// An IPv4 address mapped into IPv6 becomes the IPv4 address it is.
boost::asio::ip::address plain(const boost::asio::ip::address& address);

}  // namespace airi::gateway
