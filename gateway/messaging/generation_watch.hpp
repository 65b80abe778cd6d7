// One generation watched by one waiting coroutine: for SSE streams, waiting POSTs and /v1 completions. Subscribes to
// the conversation's channel before the message is published, so that no frame is missed; Postgres supplies what Redis
// loses. Ends with the session or API key that it was opened with. One thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "gateway/realtime/attached_generation.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

class generation_watch : public channel_listener,
                         public session_bound,
                         public std::enable_shared_from_this<generation_watch> {
public:
    generation_watch(
        services&, const account& caller, events::generation_ids, std::optional<events::position> seen = std::nullopt);

    /// Frames are held back from here on. Works without Redis too: Postgres is asked from time to time.
    awaitable<> join();
    /// Releases the frames. `history`: the generation may have begun before join() (a repeated message, a resumption),
    /// so its stream, or Postgres, is read first. Otherwise that happens when the first frame is not its beginning:
    /// another request has published the same message.
    awaitable<> release(bool history);
    /// The next frame; none at the deadline. Nothing follows an end frame.
    awaitable<std::optional<entry>> next(std::chrono::steady_clock::time_point deadline);
    bool ended() const noexcept { return ended_; }
    /// No frame follows.
    bool finished() const noexcept { return ended_ && waiting_.empty(); }
    const generation_id& generation() const noexcept { return ids_.generation; }
    /// Must be called before the last owner releases the watch.
    void leave();

    void on_frame(std::string_view channel, const delivered_frame&) override;
    void session_ended() override;

private:
    static awaitable<> catch_up(std::shared_ptr<generation_watch>);
    void push(entry);
    awaitable<> ask_postgres(bool with_text);

    services& services_;
    user_id caller_;
    session_id session_;
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
    explicit watch_scope(std::shared_ptr<generation_watch> watch) : watch_(std::move(watch)) {}
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
