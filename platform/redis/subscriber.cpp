#include <hiredis/hiredis.h>

#include <array>
#include <unordered_map>

#include "platform/redis/connection.hpp"
#include "platform/redis/redis.hpp"

namespace airi::redis {
namespace {

using done = std::function<void(result<>)>;

// Always subscribed, so that the connection stays in the subscribed mode, where every reply has the form of a message.
// Subscribing to it again is also the probe of an idle connection.
constexpr std::string_view resident = "airi.resident";
constexpr std::size_t channels_per_command = 500;

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

// A confirmation counts only when no other is outstanding: an earlier SUBSCRIBE of a channel that was unsubscribed in
// between is confirmed too.
struct channel_state {
    bool held = true;
    bool confirmed = false;
    int outstanding = 0;
    std::vector<done> waiting;

    void end_waiting(result<> outcome) {
        for (auto& each : std::exchange(waiting, {})) each(outcome);
    }
};

class subscriptions final : public connection {
public:
    subscriptions(executor executor, const secret& url, patience patience, subscriber& owner)
        : connection(std::move(executor), url, patience), owner_(&owner) {}

    void subscribe(const std::string& name, done then) {
        if (!in_force_) return then(errc::unavailable);
        const auto [found, added] = channels_.try_emplace(name);
        auto& channel = found->second;
        if (channel.held && channel.confirmed) return then(result<>());
        channel.waiting.push_back(std::move(then));
        if (!added && channel.held) return;
        channel.held = true;
        const std::array<std::string_view, 2> command{"SUBSCRIBE", name};
        if (!request(command)) channel.end_waiting(errc::unavailable);
    }

    void unsubscribe(const std::string& name) {
        const auto found = channels_.find(name);
        if (found == channels_.end() || !found->second.held) return;
        auto& channel = found->second;
        channel.held = channel.confirmed = false;
        channel.end_waiting(errc::unavailable);
        const std::array<std::string_view, 2> command{"UNSUBSCRIBE", name};
        if (is_up()) send(command);
        if (channel.outstanding == 0) channels_.erase(found);
    }

    /// The owner ends: none of its functions is called any more.
    void end() {
        owner_ = nullptr;
        in_force_ = false;
        close();
        for (auto& [name, channel] : channels_) channel.end_waiting(errc::unavailable);
        channels_.clear();
    }
    bool in_force() const noexcept { return in_force_; }

private:
    // RESP2: ["message", channel, payload], ["subscribe", channel, count], ["unsubscribe", channel, count].
    void received(const redisReply& got) override {
        last_message_ = ticks();
        if (!owner_ || got.type != REDIS_REPLY_ARRAY || got.elements != 3) return;
        const auto text = [&](std::size_t i) {
            const auto& part = *got.element[i];
            return part.str ? std::string_view(part.str, static_cast<std::size_t>(part.len)) : std::string_view();
        };
        const auto kind = text(0);
        if (kind == "message") {
            const auto found = channels_.find(text(1));
            if (found != channels_.end() && found->second.held && owner_->arrived) owner_->arrived(text(1), text(2));
        } else if (kind == "subscribe") {
            confirm(text(1));
        }
    }

    void confirm(std::string_view name) {
        --outstanding_;
        const auto found = channels_.find(name);
        if (found != channels_.end() && --found->second.outstanding == 0) {
            auto& channel = found->second;
            if (!channel.held) {
                channels_.erase(found);
            } else {
                channel.confirmed = true;
                channel.end_waiting(result<>());
            }
        }
        if (in_force_ || outstanding_ != 0) return;
        in_force_ = true;
        if (std::exchange(was_lost_, false) && owner_ && owner_->back) owner_->back();
    }

    // `command`: SUBSCRIBE and the channels.
    bool request(std::span<const std::string_view> command) {
        if (outstanding_ == 0) asked_ = ticks();
        if (!is_up() || !send(command)) return false;
        outstanding_ += static_cast<int>(command.size() - 1);
        for (auto name : command.subspan(1))
            if (const auto found = channels_.find(name); found != channels_.end()) ++found->second.outstanding;
        return true;
    }

    void ready() override {
        outstanding_ = 0;
        last_message_ = ticks();
        std::vector<std::string_view> command{"SUBSCRIBE", resident};
        for (auto& [name, channel] : channels_) {
            command.push_back(name);
            if (command.size() <= channels_per_command) continue;
            request(command);
            command.resize(1);
        }
        if (command.size() > 1) request(command);
    }

    // Drops the channels that were never confirmed: their callers get the error.
    void dropped() override {
        std::vector<done> failed;
        for (auto each = channels_.begin(); each != channels_.end();) {
            auto& channel = each->second;
            const bool drop = !channel.held || (in_force_ && !channel.confirmed);
            for (auto& one : channel.waiting) failed.push_back(std::move(one));
            channel.waiting.clear();
            channel.outstanding = 0;
            channel.confirmed = false;
            each = drop ? channels_.erase(each) : std::next(each);
        }
        const bool notify = std::exchange(in_force_, false);
        was_lost_ = was_lost_ || notify;
        for (auto& one : failed) one(errc::unavailable);
        if (notify && owner_ && owner_->lost) owner_->lost();
    }

    void tick() override {
        if (outstanding_ != 0) {
            // Every message proves that the server lives; a long queue of messages may delay a confirmation.
            if (ticks() - std::max(asked_, last_message_) > answer_timeout()) drop("no confirmation in time");
        } else if (ticks() - last_message_ >= idle()) {
            static constexpr std::array<std::string_view, 2> probe{"SUBSCRIBE", resident};
            request(probe);
        }
    }

    subscriber* owner_;
    std::unordered_map<std::string, channel_state, text_hash, std::equal_to<>> channels_;
    int outstanding_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t last_message_ = 0;
    bool in_force_ = false;
    bool was_lost_ = false;
};

class asio_subscriber final : public subscriber {
public:
    asio_subscriber(executor executor, const secret& url, patience patience)
        : subscriptions_(std::make_shared<subscriptions>(std::move(executor), url, patience, *this)) {
        subscriptions_->start();
    }
    ~asio_subscriber() override { subscriptions_->end(); }

    awaitable<result<>> subscribe(std::string channel) override {
        co_return co_await from_callback<result<>>(
            [target = subscriptions_, &channel](done then) { target->subscribe(channel, std::move(then)); });
    }

    void unsubscribe(std::string channel) override { subscriptions_->unsubscribe(channel); }
    bool available() const override { return subscriptions_->in_force(); }
    void close() override { subscriptions_->end(); }

private:
    std::shared_ptr<subscriptions> subscriptions_;
};

}  // namespace

std::unique_ptr<subscriber> open_subscriber(executor executor, const secret& url, patience patience) {
    return std::make_unique<asio_subscriber>(std::move(executor), url, patience);
}

std::unique_ptr<subscriber> open_subscriber(executor executor, const secret& url) {
    return open_subscriber(std::move(executor), url, patience{});
}

}  // namespace airi::redis
