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
void count(hub_counters::count& to, std::uint64_t by = 1) {
    to.store(to.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

struct room {
    subscriber_list ears;
    stream_cursors under_way;
    std::vector<std::function<void(result<>)>> joining;
    bool asking = false;
    bool confirmed = false;  // once: the subscriber keeps it from then on
    bool listed_empty = false;
    steady::time_point empty_since;
    steady::time_point torn_until;
};

}  // namespace

struct hub::state : std::enable_shared_from_this<state> {
    state(executor e, redis::subscriber& s, redis::client& c, hub_options o)
        : on(std::move(e)), subscriber(&s), client(&c), options(o), timer(on) {}

    // Starts what `self` belongs to; after `end` no port is touched.
    void begin() {
        subscriber->arrived = [this](std::string_view channel, std::string_view payload) { arrived(channel, payload); };
        subscriber->lost = [this] { lost(); };
        subscriber->back = [this] { back(); };
        wait_for_tick();
    }

    void end() {
        closed = true;
        timer.cancel();
        subscriber->arrived = nullptr;
        subscriber->lost = subscriber->back = nullptr;
        for (auto& [name, each] : rooms) wake(each, redis::errc::unavailable);
        // Listeners may leave in their destructors.
        const auto ended = std::exchange(rooms, {});
    }

    static awaitable<result<>> join(
        std::shared_ptr<state> self, std::string name, std::shared_ptr<channel_listener> one) {
        if (self->closed) co_return redis::errc::unavailable;
        auto& at = self->rooms[name];
        at.ears.add(std::move(one));
        count_rooms(*self);
        if (at.confirmed) {
            if (self->subscriber->available()) co_return result<>();
            co_return redis::errc::unavailable;
        }
        co_return co_await from_callback<result<>>([self, &name](std::function<void(result<>)> then) {
            self->rooms[name].joining.push_back(std::move(then));
            self->subscribe(name);
        });
    }

    void leave(std::string_view name, const channel_listener* one) {
        const auto found = rooms.find(name);
        if (found == rooms.end()) return;
        auto& at = found->second;
        at.ears.remove(one);
        if (!at.ears.empty()) return;
        at.empty_since = steady::now();
        if (!std::exchange(at.listed_empty, true)) empty_rooms.push_back(found->first);
    }

    void subscribe(const std::string& name) {
        if (std::exchange(rooms[name].asking, true)) return;
        boost::asio::co_spawn(on, subscribing(shared_from_this(), name), boost::asio::detached);
    }

    // A room is never removed while it is `asking`.
    static awaitable<> subscribing(std::shared_ptr<state> self, std::string name) {
        if (self->closed) co_return;
        const auto got = co_await self->subscriber->subscribe(name);
        if (self->closed) co_return;
        auto& at = self->rooms[name];
        at.asking = false;
        at.confirmed = got.has_value();
        if (!got) {
            at.torn_until = steady::now() + self->options.remembered;
            self->refused.push_back(name);
        }
        wake(at, got);
    }

    static void wake(room& at, const result<>& outcome) {
        for (auto& each : std::exchange(at.joining, {})) each(outcome);
    }

    void arrived(std::string_view channel, std::string_view payload) {
        const auto found = rooms.find(channel);
        if (found == rooms.end()) return;
        auto what = events::read_payload(payload);
        if (!what) return count(counters.unreadable);
        count(counters.frames_in);
        auto& [name, at] = *found;
        const auto frame = std::make_shared<const std::string>(what->frame);
        what->frame = *frame;
        const delivered_frame one{*what, frame};
        if (!what->of_generation) return tell(name, at, one);
        take(name, at, at.under_way.of(what->generation, steady::now()), one);
    }

    void take(const std::string& name, room& at, stream_cursor& of, const delivered_frame& one) {
        if (!of.way.holding() && of.misses(one.what, of.touched < at.torn_until)) catch_up(name, of);
        if (of.way.held() >= options.held_frames) {
            of.way.take_held();
            of.stale = true;
        }
        if (of.way.hear(one)) tell(name, at, one);
    }

    void tell(const std::string& name, room& at, const delivered_frame& one) {
        count(counters.frames_out, at.ears.size());
        if (const auto faults = at.ears.tell(name, one)) {
            count(counters.faults, faults);
            log::error("listener_threw", {{"channel", name}, {"times", faults}});
        }
    }

    void lost() {
        const auto until = steady::now() + options.remembered;
        for (auto& [name, at] : rooms) at.torn_until = until;
    }

    void back() {
        for (auto& [name, at] : rooms)
            for (const auto& of : at.under_way) {
                of->stale = true;
                if (!of->way.ended() && !of->way.holding()) catch_up(name, *of);
            }
    }

    // Live frames wait from here on.
    void catch_up(const std::string& name, stream_cursor& of) {
        of.way.hold();
        boost::asio::co_spawn(on, reading(shared_from_this(), name, of.serial), boost::asio::detached);
    }

    static awaitable<> reading(std::shared_ptr<state> self, std::string name, std::uint64_t serial) {
        boost::asio::steady_timer pause(self->on);
        for (auto wait = self->options.pause;; wait = std::min(wait * 2, longest_pause)) {
            auto* of = self->find(name, serial);
            if (!of) co_return;
            of->stale = false;
            const auto generation = of->generation;
            auto got = co_await read_stream(*self->client, generation, of->way.last());
            of = self->find(name, serial);
            if (!of) co_return;
            if (got && of->stale) continue;
            if (got || got.error() != failure::outage) {
                self->release(name, *of, got ? std::move(*got) : replayed{});
                co_return;
            }
            pause.expires_after(wait);
            co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
    }

    void release(const std::string& name, stream_cursor& of, replayed history) {
        auto& at = rooms.find(name)->second;
        const auto held = of.way.take_held();
        // A stream that does not have what was published is not worth a third reading.
        const bool fruitless = history.recovered() && history.frames.empty() && !held.empty() &&
                               of.misses(published(of, held.front()), false);
        of.fruitless = fruitless ? of.fruitless + 1 : 0;
        if (of.fruitless > 1) history = {};
        count(counters.streams_read);
        if (history.is == replayed::kind::gone) count(counters.streams_gone);
        for (const auto& each : of.way.release(std::move(history))) tell(name, at, {published(of, each), each.frame});
        for (const auto& each : held) {
            // Deltas that were held while the stream was found to be gone: asking again would go on for ever.
            if (of.way.incomplete() && each.type == events::frame_type::delta) continue;
            take(name, at, of, {published(of, each), each.frame});
        }
    }

    static events::published published(const stream_cursor& of, const entry& one) {
        return {true, of.generation, one.at, one.type, *one.frame};
    }

    stream_cursor* find(const std::string& name, std::uint64_t serial) {
        if (closed) return nullptr;
        const auto found = rooms.find(name);
        return found == rooms.end() ? nullptr : found->second.under_way.find(serial);
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
            for (const auto& name : std::exchange(refused, {}))
                if (rooms.contains(name)) subscribe(name);
        std::erase_if(empty_rooms, [&](const std::string& name) { return !keeps_empty(name, now); });
        if (now < next_forgetting) return;
        next_forgetting = now + std::min<steady::duration>(options.ended, options.remembered) / 4;
        for (auto& [name, at] : rooms) at.under_way.forget(now - options.remembered, now - options.ended);
    }

    // False when the room is not empty any more, or gone now.
    bool keeps_empty(const std::string& name, steady::time_point now) {
        const auto found = rooms.find(name);
        if (found == rooms.end()) return false;
        auto& at = found->second;
        if (at.ears.empty() && (at.asking || now - at.empty_since < options.grace)) return true;
        at.listed_empty = false;
        if (!at.ears.empty()) return false;
        subscriber->unsubscribe(name);
        rooms.erase(found);
        count_rooms(*this);
        return false;
    }

    static void count_rooms(state& of) { of.counters.channels.store(of.rooms.size(), std::memory_order_relaxed); }

    executor on;
    redis::subscriber* subscriber;
    redis::client* client;
    hub_options options;
    hub_counters counters;
    std::unordered_map<std::string, room, text_hash, std::equal_to<>> rooms;
    std::vector<std::string> refused;      // Redis has not taken their subscription yet
    std::vector<std::string> empty_rooms;  // since a while, some of them
    boost::asio::steady_timer timer;
    steady::time_point next_forgetting;
    bool closed = false;
};

hub::hub(executor on, redis::subscriber& subscriber, redis::client& client, hub_options options)
    : state_(std::make_shared<state>(std::move(on), subscriber, client, options)) {
    state_->begin();
}

hub::~hub() { state_->end(); }

awaitable<result<>> hub::join(std::string channel, std::shared_ptr<channel_listener> one) {
    return state::join(state_, std::move(channel), std::move(one));
}

void hub::leave(std::string_view channel, const channel_listener* one) { state_->leave(channel, one); }

const hub_counters& hub::counters() const noexcept { return state_->counters; }

}  // namespace airi::gateway
