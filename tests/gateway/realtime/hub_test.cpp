#include "gateway/realtime/hub.hpp"

#include "tests/gateway/realtime/hub_fixture.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"

namespace {

using namespace airi;
using namespace airi::test;

std::vector<position> offsets(std::int64_t count) {
    std::vector<position> out;
    for (std::int64_t i = 0; i < count; ++i) out.push_back({1, i});
    return out;
}

}  // namespace

TEST_CASE("a join ends when Redis has confirmed, and concurrent ones share one subscription") {
    hub_fixture in;
    in.redis.cork();
    for (int i = 0; i < 3; ++i) in.begin_join("c", std::make_shared<reading_listener>());
    CHECK(in.joins["c"].empty());
    in.redis.uncork();
    in.settle();
    CHECK(in.joins["c"].size() == 3);
    CHECK(in.joins["c"][2].has_value());
    in.begin_join("c", std::make_shared<reading_listener>());
    CHECK(in.joins["c"].size() == 4);
    CHECK(in.redis.subscriptions == 1);
}

TEST_CASE("all listeners of a channel receive the same text without a copy, and those of other channels nothing") {
    hub_fixture in;
    const auto a = in.join(), b = in.join(), other = in.join("conversation:other");
    in.publish(R"({"type":"typing_start"})");
    in.begin();
    CHECK(a->others == std::vector<std::string>{R"({"type":"typing_start"})"});
    CHECK(a->of.positions == offsets(1));
    CHECK(a->addresses == b->addresses);
    CHECK(other->addresses.empty());
    CHECK(in.hub.counters().frames_in == 2);
    CHECK(in.hub.counters().frames_out == 4);
}

TEST_CASE("a channel without listeners is unsubscribed after the grace time") {
    hub_fixture in;
    const auto a = in.join(), b = in.join();
    in.hub.leave(in.channel, a.get());
    in.hub.leave(in.channel, b.get());
    in.hub.leave("unknown", b.get());
    CHECK(in.subscriber.has(in.channel));
    REQUIRE(until(in.io, [&] { return !in.subscriber.has(in.channel); }));
    CHECK(in.hub.counters().channels == 0);
    in.publish("{}");
    CHECK(b->others.empty());
    const auto again = in.join();
    in.publish("{}");
    CHECK(again->others.size() == 1);
    CHECK(in.redis.subscriptions == 2);
}

TEST_CASE("a listener that returns within the grace time finds the channel still subscribed") {
    hub_fixture in;
    const auto a = in.join();
    for (int i = 0; i < 3; ++i) {
        in.hub.leave(in.channel, a.get());
        REQUIRE(finish(in.io, in.hub.join(in.channel, a)).has_value());
    }
    const auto end = clock_type::now() + 100ms;
    REQUIRE(until(in.io, [&] { return clock_type::now() > end; }));
    CHECK(in.redis.subscriptions == 1);
    CHECK(in.redis.unsubscriptions == 0);
    in.publish("{}");
    CHECK(a->others.size() == 1);
}

TEST_CASE("listeners may leave, join and throw while a frame is delivered") {
    hub_fixture in;
    const auto first = std::make_shared<acting_listener>(), last = std::make_shared<acting_listener>();
    auto own = std::make_shared<acting_listener>();
    const auto late = std::make_shared<acting_listener>();
    for (const auto& one : {first, own, last}) REQUIRE(finish(in.io, in.hub.join(in.channel, one)).has_value());
    std::weak_ptr<acting_listener> left = own;
    own->act = [&in, me = own.get()] { in.hub.leave(in.channel, me); };
    own.reset();
    first->act = [&] {
        in.begin_join(in.channel, late);
        in.hub.leave(in.channel, last.get());
        throw 7;
    };
    captured_log logged;
    in.publish("{}");
    CHECK(first->count == 1);
    CHECK(last->count == 0);
    CHECK(late->count == 0);
    CHECK(left.expired());
    CHECK(contains(logged.lines(), "listener.failed"));
    first->act = [] {};
    in.publish("{}");
    CHECK(first->count == 2);
    CHECK(late->count == 1);
}

TEST_CASE("a frame published twice is delivered once") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "x");
    const auto again = events::frame(frame_type::delta, in.ids, {1, 1}, events::content_member("x"));
    in.redis.publish(in.channel, events::publish_payload(in.ids.generation, {1, 1}, frame_type::delta, again));
    CHECK(a->of.positions == offsets(2));
    CHECK(a->of.text == "x");
}

TEST_CASE("missed frames are read from the stream and delivered before newer ones") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a");
    in.delta(2, "b", false);
    in.delta(3, "c", false);
    in.redis.cork();
    in.delta(4, "d");
    in.settle();
    in.delta(5, "e");
    REQUIRE(in.write({1, 6}, frame_type::complete));
    in.settle();
    CHECK(a->of.positions == offsets(2));
    in.redis.uncork();
    in.settle();
    CHECK(a->of.positions == offsets(7));
    CHECK(a->of.text == "abcde");
    CHECK(in.redis.commands == 1);
}

TEST_CASE("missed frames are delivered as soon as the connection is back") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a");
    in.redis.go_away();
    in.delta(2, "b");
    REQUIRE(in.write({1, 3}, frame_type::complete));
    in.settle();
    CHECK(a->of.positions == offsets(2));
    in.redis.come_back();
    in.settle();
    CHECK(a->of.positions == offsets(4));
    CHECK(a->of.text == "ab");
    const auto before = in.redis.commands;
    in.redis.go_away();
    in.redis.come_back();
    in.settle();
    CHECK(in.redis.commands == before);
}

TEST_CASE("a stream that cannot be read is read later, and newer frames wait for it") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a", false);
    in.redis.cork();
    in.delta(2, "b");
    in.settle();
    REQUIRE(in.redis.waiting() == 1);
    in.redis.go_away();
    in.redis.come_back();
    in.redis.uncork();
    REQUIRE(until(in.io, [&] { return a->of.text == "ab"; }));
    // The subscriber is back before the client.
    in.delta(3, "c", false);
    in.redis.go_away();
    in.subscriber.back();
    in.settle();
    in.redis.come_back();
    in.delta(4, "d");
    REQUIRE(until(in.io, [&] { return a->of.text == "abcd"; }));
    CHECK(a->of.positions == offsets(5));
}

TEST_CASE("a generation that began during an outage is delivered from its beginning") {
    hub_fixture in;
    const auto a = in.join();
    in.redis.go_away();
    in.begin();
    in.delta(1, "a");
    in.redis.come_back();
    in.settle();
    CHECK(a->of.positions.empty());
    in.delta(2, "b");
    in.settle();
    CHECK(a->of.positions == offsets(3));
    CHECK(a->of.text == "ab");
}

TEST_CASE("a listener that joins in the middle receives live frames without a read of the stream") {
    hub_fixture in;
    in.begin();
    in.delta(1, "a");
    const auto a = in.join();
    in.delta(2, "b");
    in.settle();
    CHECK(a->of.positions == std::vector<position>{{1, 2}});
    CHECK(in.redis.commands == 0);
}

TEST_CASE("deltas are left out after the loss of the stream until a snapshot comes") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a");
    in.delta(2, "b", false);
    in.redis.flush();
    const auto stray = events::frame(frame_type::delta, in.ids, {1, 3}, events::content_member("c"));
    in.redis.publish(in.channel, events::publish_payload(in.ids.generation, {1, 3}, frame_type::delta, stray));
    in.settle();
    CHECK(a->of.text == "a");
    CHECK(in.hub.counters().streams_gone == 1);
    REQUIRE_FALSE(in.write({1, 4}, frame_type::delta, "d"));
    REQUIRE(in.write({1, 4}, frame_type::snapshot, "abcd"));
    in.delta(5, "e");
    in.settle();
    CHECK(a->of.text == "abcde");
    CHECK(a->of.each_once_in_order());
}

TEST_CASE("snapshots and restarts are delivered without a read of the stream") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a");
    REQUIRE(in.write({1, 7}, frame_type::snapshot, "abc"));
    CHECK(a->of.text == "abc");
    REQUIRE(in.write({2, 0}, frame_type::restart));
    REQUIRE(in.write({2, 1}, frame_type::delta, "new"));
    in.settle();
    CHECK(a->of.text == "new");
    CHECK(in.redis.commands == 0);
}

TEST_CASE("more held frames than the limit cost a second read of the stream, not a frame") {
    hub_fixture in;
    const auto a = in.join();
    in.begin();
    in.delta(1, "a", false);
    in.redis.cork();
    for (std::int64_t i = 2; i < 1500; ++i) {
        in.delta(i, "x");
        in.settle();
    }
    in.redis.uncork();
    in.settle();
    CHECK(a->of.positions == offsets(1500));
    CHECK(in.redis.commands == 2);
}

TEST_CASE("joining fails while Redis is away, and the listener receives frames once it is back") {
    hub_fixture in;
    in.redis.go_away();
    const auto a = std::make_shared<reading_listener>();
    CHECK(finish(in.io, in.hub.join(in.channel, a)).error() == redis::errc::unavailable);
    in.redis.come_back();
    REQUIRE(until(in.io, [&] { return in.subscriber.has(in.channel); }));
    in.begin();
    CHECK(a->of.positions == offsets(1));
    in.redis.go_away();
    CHECK(finish(in.io, in.hub.join(in.channel, std::make_shared<reading_listener>())).error() == failure::outage);
}

TEST_CASE("payloads of an unknown shape are counted and dropped") {
    hub_fixture in;
    const auto a = in.join();
    in.redis.publish(in.channel, "");
    in.redis.publish(in.channel, "nonsense\n{}");
    CHECK(a->addresses.empty());
    CHECK(in.hub.counters().unreadable == 2);
}

TEST_CASE("a hub can end while joins wait and a stream is being read") {
    io_context io;
    fake_redis redis;
    fake_redis::fake_client client(redis);
    fake_redis::fake_subscriber subscriber(redis);
    auto hub = std::make_unique<gateway::hub>(io.get_executor(), subscriber, client, quick);
    const auto ids = some_generation();
    const auto channel = events::channel_of(ids.conversation);
    const auto a = std::make_shared<reading_listener>();
    REQUIRE(finish(io, hub->join(channel, a)).has_value());
    redis.append(ids, {1, 0}, frame_type::start, "");
    redis.append(ids, {1, 1}, frame_type::delta, events::content_member("a"), false);
    redis.cork();
    redis.append(ids, {1, 2}, frame_type::delta, events::content_member("b"));
    std::optional<result<>> joined;
    boost::asio::co_spawn(io, hub->join("other", a), [&](std::exception_ptr, result<> got) { joined = got; });
    io.restart();
    io.poll();
    hub.reset();
    redis.uncork();
    io.restart();
    io.run_for(5s);
    CHECK(io.stopped());
    REQUIRE(joined);
    CHECK(joined->error() == redis::errc::unavailable);
    CHECK(a->of.text.empty());
}
