// One generation watched by one waiting coroutine: SSE streams, waiting POSTs and /v1 completions are made of it. Joins
// the conversation's channel before the message is published, so that no frame is missed; what Redis loses, Postgres
// supplies. One thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "gateway/realtime/attached_generation.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

class generation_watch : public channel_listener, public std::enable_shared_from_this<generation_watch> {
public:
    generation_watch(services& services, user_id caller, events::generation_ids ids,
        std::optional<events::position> seen = std::nullopt);

    /// From here on frames are kept. Without Redis it goes on too: Postgres is asked from time to time.
    awaitable<> join();
    /// Lets the frames through. `history`: whether the generation may have begun before join() (a repeated message, a
    /// resumption): then its stream, or Postgres, is read first.
    awaitable<> begin(bool history);
    /// The next frame; none at the deadline. After an end frame nothing follows.
    awaitable<std::optional<entry>> next(std::chrono::steady_clock::time_point deadline);
    bool ended() const noexcept { return ended_; }
    /// Must be called before the last owner lets go.
    void leave();

    void hear(std::string_view channel, const delivered_frame& one) override;

private:
    void push(entry one);
    awaitable<> ask_postgres(bool with_text);

    services& services_;
    user_id caller_;
    events::generation_ids ids_;
    std::string channel_;
    attached_generation order_;
    std::deque<entry> waiting_;
    boost::asio::steady_timer wake_;
    bool joined_ = false, ended_ = false;
};

/// Leaves the watch when its scope ends.
class watch_scope {
public:
    explicit watch_scope(std::shared_ptr<generation_watch> w) : watch_(std::move(w)) {}
    ~watch_scope() {
        if (watch_) watch_->leave();
    }
    watch_scope(watch_scope&&) = default;
    watch_scope& operator=(watch_scope&&) = delete;
    generation_watch* operator->() const { return watch_.get(); }

private:
    std::shared_ptr<generation_watch> watch_;
};

}  // namespace airi::gateway
