// Limits the open WebSockets of an account on this gateway, whatever their addresses are. Shared by all threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "platform/base/ids.hpp"

namespace airi::gateway {

class socket_places : public std::enable_shared_from_this<socket_places> {
public:
    explicit socket_places(std::size_t per_account) : most_(per_account) {}

    /// One socket; leaves the count when destroyed.
    class place {
    public:
        place() = default;
        place(std::shared_ptr<socket_places> places, user_id user) : places_(std::move(places)), user_(user) {}
        place(place&&) noexcept = default;
        place& operator=(place&&) = delete;
        ~place() {
            if (places_) places_->leave(user_);
        }

    private:
        std::shared_ptr<socket_places> places_;
        user_id user_;
    };

    /// None when the account has as many as it may.
    std::optional<place> enter(const user_id& user) {
        const std::lock_guard lock(guard_);
        auto& open = open_[user];
        if (open >= most_) return std::nullopt;
        ++open;
        return std::optional<place>(std::in_place, shared_from_this(), user);
    }

private:
    void leave(const user_id& user) noexcept {
        const std::lock_guard lock(guard_);
        const auto found = open_.find(user);
        if (found != open_.end() && --found->second == 0) open_.erase(found);
    }

    const std::size_t most_;
    std::mutex guard_;
    std::unordered_map<user_id, std::size_t> open_;
};

}  // namespace airi::gateway
