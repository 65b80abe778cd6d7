#include "gateway/messaging/generation_watch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "gateway/messaging/generation_status.hpp"

namespace airi::gateway {
namespace {

using clock = std::chrono::steady_clock;

constexpr milliseconds silence{2'000};  // without a frame, before Postgres is asked

}  // namespace

generation_watch::generation_watch(
    services& services, const account& caller, events::generation_ids ids, std::optional<events::position> seen)
    : services_(services),
      caller_(caller.id),
      session_(caller.session),
      ids_(ids),
      channel_(events::channel_of(ids.conversation)),
      order_(seen),
      wake_(services.executor) {}

awaitable<> generation_watch::join() {
    joined_ = true;
    services_.sockets.bind(session_, this);
    co_await services_.channels.join(channel_, shared_from_this());
    // It may have ended before.
    const auto known = co_await services_.accounts.find(caller_, session_);
    if (known && (!*known || !(*known)->refused.empty())) session_ended();
}

awaitable<> generation_watch::release(bool history) {
    if (!history) {
        for (auto& one : order_.release_new()) push(std::move(one));
        if (!order_.holding()) co_return;
    }
    auto past = co_await read_stream(services_.redis, ids_.generation, order_.last());
    const bool gone = !past || past->is == replayed::kind::gone;
    if (gone) co_await ask_postgres(true);
    for (auto& one : order_.release(past ? std::move(*past) : replayed{})) push(std::move(one));
    // The caller has seen the end already.
    if (order_.ended() && waiting_.empty()) ended_ = true;
}

awaitable<> generation_watch::ask_postgres(bool with_text) {
    const auto status = co_await status_of(services_, caller_, ids_.generation);
    if (!status || !*status || ended_) co_return;
    if (!with_text && !(*status)->end && !(*status)->held()) co_return;
    if ((*status)->held() && order_.last() >= events::held_place) co_return;
    if ((*status)->end && order_.last() >= (*status)->at) {  // the caller has it
        ended_ = true;
        wake_.cancel();
        co_return;
    }
    if (auto frame = frame_of(**status, ids_)) push(std::move(*frame));
}

awaitable<std::optional<entry>> generation_watch::next(clock::time_point deadline) {
    while (waiting_.empty()) {
        const auto now = clock::now();
        if (ended_ || now >= deadline) co_return std::nullopt;
        wake_.expires_at(std::min(deadline, now + silence));
        const auto [ec] = co_await wake_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!ec && waiting_.empty() && clock::now() < deadline) co_await ask_postgres(false);
    }
    auto one = std::move(waiting_.front());
    waiting_.pop_front();
    co_return one;
}

void generation_watch::on_frame(std::string_view, const delivered_frame& delivered) {
    const auto& published = delivered.published;
    if (!published.of_generation || published.generation != ids_.generation) return;
    using enum attached_generation::verdict;
    const auto received = order_.receive(delivered);
    if (received == send) push({published.at, published.type, delivered.frame});
    if (received == behind)
        boost::asio::co_spawn(services_.executor, catch_up(shared_from_this()), boost::asio::detached);
}

awaitable<> generation_watch::catch_up(std::shared_ptr<generation_watch> self) { co_await self->release(true); }

void generation_watch::push(entry one) {
    if (ended_) return;
    ended_ = events::is_end(one.type);
    waiting_.push_back(std::move(one));
    wake_.cancel();
}

// The client gets no end frame: when it comes back for the rest, it is told why it gets none.
void generation_watch::session_ended() {
    ended_ = true;
    waiting_.clear();
    wake_.cancel();
}

void generation_watch::leave() {
    if (!std::exchange(joined_, false)) return;
    services_.channels.leave(channel_, this);
    services_.sockets.unbind(session_, this);
}

}  // namespace airi::gateway
