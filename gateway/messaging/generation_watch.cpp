#include "gateway/messaging/generation_watch.hpp"

#include <boost/asio/as_tuple.hpp>

#include "gateway/messaging/generation_status.hpp"

namespace airi::gateway {
namespace {

// How long a silent stream is trusted before Postgres is asked.
constexpr milliseconds silence{2'000};

}  // namespace

generation_watch::generation_watch(
    services& services, user_id caller, events::generation_ids ids, std::optional<events::position> seen)
    : services_(services),
      caller_(caller),
      ids_(ids),
      channel_(events::channel_of(ids.conversation)),
      order_(seen),
      wake_(services.executor) {}

awaitable<> generation_watch::join() {
    joined_ = true;
    co_await services_.channels.join(channel_, shared_from_this());
}

awaitable<> generation_watch::begin(bool history) {
    if (!history) {
        for (auto& one : order_.release({replayed::kind::recovered, {}, {}})) push(std::move(one));
        co_return;
    }
    auto past = co_await read_stream(services_.redis, ids_.generation, order_.last());
    const bool gone = !past || past->is == replayed::kind::gone;
    if (gone) co_await ask_postgres(true);
    for (auto& one : order_.release(past ? std::move(*past) : replayed{})) push(std::move(one));
    // The end was seen before: nothing follows.
    if (order_.ended() && waiting_.empty()) ended_ = true;
}

awaitable<> generation_watch::ask_postgres(bool with_text) {
    const auto status = co_await status_of(services_, caller_, ids_.generation);
    if (!status || !*status || ended_) co_return;
    const auto& now_is = **status;
    if (now_is.end) {
        push({now_is.at, now_is.end->type,
            std::make_shared<const std::string>(events::frame(now_is.end->type, ids_, now_is.at, now_is.end->more))});
    } else if (with_text && !now_is.checkpoint.empty()) {
        push({now_is.at, events::frame_type::snapshot,
            std::make_shared<const std::string>(snapshot_frame(ids_, now_is.at, now_is.checkpoint))});
    }
}

awaitable<std::optional<entry>> generation_watch::next(std::chrono::steady_clock::time_point deadline) {
    while (waiting_.empty()) {
        const auto now_is = std::chrono::steady_clock::now();
        if (ended_ || now_is >= deadline) co_return std::nullopt;
        wake_.expires_at(std::min(deadline, now_is + silence));
        const auto [ec] = co_await wake_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!ec && waiting_.empty() && std::chrono::steady_clock::now() < deadline) co_await ask_postgres(false);
    }
    auto one = std::move(waiting_.front());
    waiting_.pop_front();
    co_return one;
}

void generation_watch::hear(std::string_view, const delivered_frame& one) {
    if (!one.what.of_generation || one.what.generation != ids_.generation || !order_.hear(one)) return;
    push({one.what.at, one.what.type, one.frame});
}

void generation_watch::push(entry one) {
    if (ended_) return;
    ended_ = events::is_end(one.type);
    waiting_.push_back(std::move(one));
    wake_.cancel();
}

void generation_watch::leave() {
    if (joined_) services_.channels.leave(channel_, this);
    joined_ = false;
}

}  // namespace airi::gateway
