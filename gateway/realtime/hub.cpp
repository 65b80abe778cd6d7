#include "gateway/realtime/hub.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <unordered_map>

#include "gateway/realtime/stream_cursor.hpp"
#include "gateway/realtime/subscriber_list.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace {

constexpr milliseconds longest_pause{1000};

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

// Only the hub's thread writes, so no locked instruction is needed.
void count(hub_counters::count& counter, std::uint64_t amount = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

struct channel_state {
    subscriber_list subscribers;
    stream_cursors cursors;
    std::vector<std::function<void(result<>)>> joining;
    bool subscribing = false;
    bool confirmed = false;  // the subscriber port restores it from then on
    bool listed_empty = false;
    steady::time_point empty_since;
    steady::time_point interrupted_until;  // cursors last used before then may have missed frames
};

}  // namespace

struct hub::state : std::enable_shared_from_this<state> {
    state(airi::executor e, redis::subscriber& s, redis::client& c, hub_options o)
        : executor(std::move(e)), subscriber(&s), client(&c), options(o), timer(executor) {}

    // Once it has begun, only `end` stops it from using the ports.
    void begin() {
        subscriber->arrived = [this](std::string_view name, std::string_view payload) { on_payload(name, payload); };
        subscriber->lost = [this] { on_connection_lost(); };
        subscriber->back = [this] { on_connection_back(); };
        wait_for_tick();
    }

    void end() {
        closed = true;
        timer.cancel();
        subscriber->arrived = nullptr;
        subscriber->lost = subscriber->back = nullptr;
        for (auto& [name, channel] : channels) finish_joins(channel, redis::errc::unavailable);
        // Listeners may leave in their destructors.
        const auto ended = std::exchange(channels, {});
    }

    static awaitable<result<>> join(
        std::shared_ptr<state> self, std::string name, std::shared_ptr<channel_listener> listener) {
        if (self->closed) co_return redis::errc::unavailable;
        auto& channel = self->channels[name];
        channel.subscribers.add(std::move(listener));
        self->count_channels();
        if (channel.confirmed) {
            if (self->subscriber->available()) co_return result<>();
            co_return redis::errc::unavailable;
        }
        co_return co_await from_callback<result<>>([self, &name](std::function<void(result<>)> then) {
            self->channels[name].joining.push_back(std::move(then));
            self->subscribe(name);
        });
    }

    void leave(std::string_view name, const channel_listener* listener) {
        const auto found = channels.find(name);
        if (found == channels.end()) return;
        auto& channel = found->second;
        channel.subscribers.remove(listener);
        if (!channel.subscribers.empty()) return;
        channel.empty_since = steady::now();
        if (!std::exchange(channel.listed_empty, true)) empty_channels.push_back(found->first);
    }

    void subscribe(const std::string& name) {
        if (std::exchange(channels[name].subscribing, true)) return;
        boost::asio::co_spawn(executor, subscribe_at_redis(shared_from_this(), name), boost::asio::detached);
    }

    // A channel is never removed while it is `subscribing`.
    static awaitable<> subscribe_at_redis(std::shared_ptr<state> self, std::string name) {
        if (self->closed) co_return;
        const auto subscribed = co_await self->subscriber->subscribe(name);
        if (self->closed) co_return;
        auto& channel = self->channels[name];
        channel.subscribing = false;
        channel.confirmed = subscribed.has_value();
        if (!subscribed) {
            channel.interrupted_until = steady::now() + self->options.remembered;
            self->unsubscribed.push_back(name);
        }
        finish_joins(channel, subscribed);
    }

    static void finish_joins(channel_state& channel, const result<>& outcome) {
        for (auto& each : std::exchange(channel.joining, {})) each(outcome);
    }

    void on_payload(std::string_view channel_name, std::string_view payload) {
        const auto found = channels.find(channel_name);
        if (found == channels.end()) return;
        auto published = events::read_payload(payload);
        if (!published) return count(counters.unreadable);
        count(counters.frames_in);
        auto& [name, channel] = *found;
        const auto frame = std::make_shared<const std::string>(published->frame);
        published->frame = *frame;
        const delivered_frame delivered{*published, frame};
        if (!published->of_generation) return deliver(name, channel, delivered);
        receive(name, channel, channel.cursors.find_or_add(published->generation, steady::now()), delivered);
    }

    void receive(
        const std::string& name, channel_state& channel, stream_cursor& cursor, const delivered_frame& delivered) {
        const bool interrupted = cursor.last_used < channel.interrupted_until;
        if (!cursor.order.holding() && cursor.misses_before(delivered.published, interrupted)) catch_up(name, cursor);
        if (cursor.order.held() >= options.held_frames) {
            cursor.order.take_held();
            cursor.stale = true;
        }
        if (cursor.order.receive(delivered) == attached_generation::verdict::send) deliver(name, channel, delivered);
    }

    void deliver(const std::string& name, channel_state& channel, const delivered_frame& delivered) {
        count(counters.frames_out, channel.subscribers.size());
        if (const auto faults = channel.subscribers.deliver(name, delivered)) {
            count(counters.faults, faults);
            log::error("listener.failed", {{"channel", name}, {"times", faults}});
        }
    }

    void on_connection_lost() {
        const auto until = steady::now() + options.remembered;
        for (auto& [name, channel] : channels) channel.interrupted_until = until;
    }

    void on_connection_back() {
        for (auto& [name, channel] : channels)
            for (const auto& cursor : channel.cursors) {
                cursor->stale = true;
                if (!cursor->order.ended() && !cursor->order.holding()) catch_up(name, *cursor);
            }
    }

    // Live frames are held back from here on.
    void catch_up(const std::string& name, stream_cursor& cursor) {
        cursor.order.hold();
        boost::asio::co_spawn(
            executor, read_and_release(shared_from_this(), name, cursor.serial), boost::asio::detached);
    }

    // The channel and the cursor may be gone after each wait, so they are found again by name and serial number.
    static awaitable<> read_and_release(std::shared_ptr<state> self, std::string name, std::uint64_t serial) {
        boost::asio::steady_timer pause(self->executor);
        for (auto wait = self->options.pause;; wait = std::min(wait * 2, longest_pause)) {
            auto* cursor = self->find(name, serial);
            if (!cursor) co_return;
            cursor->stale = false;
            const auto generation = cursor->generation;
            auto history = co_await read_stream(*self->client, generation, cursor->order.last());
            cursor = self->find(name, serial);
            if (!cursor) co_return;
            if (history && cursor->stale) continue;
            if (history || history.error() != failure::outage) {
                self->release(name, *cursor, history ? std::move(*history) : replayed{});
                co_return;
            }
            pause.expires_after(wait);
            co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
    }

    void release(const std::string& name, stream_cursor& cursor, replayed history) {
        auto& channel = channels.find(name)->second;
        const auto held = cursor.order.take_held();
        // A stream that lacks what was published is not read a third time.
        const bool empty_read = history.recovered() && history.frames.empty() && !held.empty() &&
                                cursor.misses_before(published_of(cursor, held.front()), false);
        cursor.empty_reads = empty_read ? cursor.empty_reads + 1 : 0;
        if (cursor.empty_reads > 1) history = {};
        count(counters.streams_read);
        if (history.is == replayed::kind::gone) count(counters.streams_gone);
        for (const auto& each : cursor.order.release(std::move(history)))
            deliver(name, channel, {published_of(cursor, each), each.frame});
        for (const auto& each : held) {
            // Deltas that were held while the stream was found to be gone: reading it again would go on for ever.
            if (cursor.order.incomplete() && each.type == events::frame_type::delta) continue;
            receive(name, channel, cursor, {published_of(cursor, each), each.frame});
        }
    }

    static events::published published_of(const stream_cursor& cursor, const entry& one) {
        return {true, cursor.generation, one.at, one.type, *one.frame};
    }

    stream_cursor* find(const std::string& name, std::uint64_t serial) {
        if (closed) return nullptr;
        const auto found = channels.find(name);
        return found == channels.end() ? nullptr : found->second.cursors.find(serial);
    }

    void wait_for_tick() {
        timer.expires_after(options.tick);
        timer.async_wait([weak = weak_from_this()](const error_code& cancelled) {
            const auto self = weak.lock();
            if (cancelled || !self || self->closed) return;
            self->tick();
            self->wait_for_tick();
        });
    }

    void tick() {
        const auto now = steady::now();
        if (subscriber->available())
            for (const auto& name : std::exchange(unsubscribed, {}))
                if (channels.contains(name)) subscribe(name);
        std::erase_if(empty_channels, [&](const std::string& name) { return !stays_empty(name, now); });
        if (now < next_expiry) return;
        next_expiry = now + std::min<steady::duration>(options.ended, options.remembered) / 4;
        for (auto& [name, channel] : channels) channel.cursors.expire(now - options.remembered, now - options.ended);
    }

    // False when the channel is not empty any more, or has been removed now.
    bool stays_empty(const std::string& name, steady::time_point now) {
        const auto found = channels.find(name);
        if (found == channels.end()) return false;
        auto& channel = found->second;
        const bool empty = channel.subscribers.empty();
        if (empty && (channel.subscribing || now - channel.empty_since < options.grace)) return true;
        channel.listed_empty = false;
        if (!empty) return false;
        subscriber->unsubscribe(name);
        channels.erase(found);
        count_channels();
        return false;
    }

    void count_channels() { counters.channels.store(channels.size(), std::memory_order_relaxed); }

    airi::executor executor;
    redis::subscriber* subscriber;
    redis::client* client;
    hub_options options;
    hub_counters counters;
    std::unordered_map<std::string, channel_state, text_hash, std::equal_to<>> channels;
    std::vector<std::string> unsubscribed;    // Redis has not confirmed their subscription yet
    std::vector<std::string> empty_channels;  // to be removed after the grace time
    boost::asio::steady_timer timer;
    steady::time_point next_expiry;
    bool closed = false;
};

hub::hub(executor executor, redis::subscriber& subscriber, redis::client& client, hub_options options)
    : state_(std::make_shared<state>(std::move(executor), subscriber, client, options)) {
    state_->begin();
}

awaitable<result<>> hub::join(std::string channel, std::shared_ptr<channel_listener> listener) {
    return state::join(state_, std::move(channel), std::move(listener));
}

void hub::leave(std::string_view channel, const channel_listener* listener) { state_->leave(channel, listener); }

void hub::close() { state_->end(); }

const hub_counters& hub::counters() const noexcept { return state_->counters; }

}  // namespace airi::gateway
