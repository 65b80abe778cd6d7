// A hub on the fake Redis, its listeners, and one generation to be written. For the hub's tests.
#pragma once

#include <functional>
#include <map>

#include "gateway/realtime/hub.hpp"
#include "tests/gateway/messaging/generation_reader.hpp"
#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/fake_redis.hpp"

namespace airi::test {

inline constexpr gateway::hub_options quick{.grace = 40ms, .tick = 5ms, .pause = 1ms};

struct hub_fixture {
    io_context io;
    fake_redis redis;
    fake_redis::fake_client client{redis};
    fake_redis::fake_subscriber subscriber{redis};
    gateway::hub hub{io.get_executor(), subscriber, client, quick};
    events::generation_ids ids = some_generation();
    std::string channel = events::channel_of(ids.conversation);
    std::map<std::string, std::vector<result<>>> joins;

    void begin_join(const std::string& to, std::shared_ptr<gateway::channel_listener> one) {
        boost::asio::co_spawn(io, hub.join(to, std::move(one)),
            [this, to](std::exception_ptr, result<> got) { joins[to].push_back(got); });
        settle();
    }
    std::shared_ptr<reading_listener> join() { return join(channel); }
    std::shared_ptr<reading_listener> join(const std::string& to) {
        auto one = std::make_shared<reading_listener>();
        REQUIRE(finish(io, hub.join(to, one)).has_value());
        return one;
    }
    // Runs everything that is ready.
    void settle() {
        io.restart();
        while (io.poll() != 0) {
        }
    }
    bool write(position at, frame_type type, std::string_view text = {}, bool published = true) {
        const bool content = type == frame_type::delta || type == frame_type::snapshot;
        return redis.append(ids, at, type, content ? events::content_member(text) : std::string(), published);
    }
    void begin() { REQUIRE(write({1, 0}, frame_type::start)); }
    void delta(std::int64_t offset, std::string_view text, bool published = true) {
        REQUIRE(write({1, offset}, frame_type::delta, text, published));
    }
    void publish(std::string_view frame) { redis.publish(channel, events::publish_payload(frame)); }
};

struct acting_listener : gateway::channel_listener {
    std::function<void()> act = [] {};
    int count = 0;
    void on_frame(std::string_view, const gateway::delivered_frame&) override {
        ++count;
        act();
    }
};

}  // namespace airi::test
