#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "platform/redis/patience.hpp"
#include "tests/platform/redis_loop.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using redis::errc;

// A subscriber and a publisher on one loop, and what arrived, in order.
struct listening {
    explicit listening(const secret& url, redis::patience patience = {})
        : subscriber(redis::open_subscriber(io.get_executor(), url, patience)),
          client(redis::open_client(io.get_executor(), url)) {
        subscriber->arrived = [this](std::string_view channel, std::string_view payload) {
            arrived.push_back(std::string(channel) + "=" + std::string(payload));
        };
        subscriber->lost = [this] { ++lost; };
        subscriber->back = [this] { ++back; };
        REQUIRE(until(io, [&] { return subscriber->available() && client->available(); }));
    }
    result<> subscribe(std::string channel) { return finish(io, subscriber->subscribe(std::move(channel))); }
    std::int64_t publish(std::string channel, std::string payload) {
        return finish(io, client->command({"PUBLISH", std::move(channel), std::move(payload)})).value().number;
    }
    bool arrives(std::size_t count) {
        return until(io, [&] { return arrived.size() >= count; }) && arrived.size() == count;
    }

    io_context io;
    std::vector<std::string> arrived;
    int lost = 0;
    int back = 0;
    std::unique_ptr<redis::subscriber> subscriber;
    std::unique_ptr<redis::client> client;
};

awaitable<bool> count_ended(redis::subscriber* on, std::string channel, std::map<std::string, result<>>* ended) {
    auto got = co_await on->subscribe(channel);
    ended->insert_or_assign(std::move(channel), got);
    co_return true;
}

awaitable<std::vector<std::int64_t>> measure(redis::subscriber* on, redis::client* by, int count) {
    std::vector<std::int64_t> micros;
    clock_type::time_point arrived;
    on->arrived = [&arrived](std::string_view, std::string_view) { arrived = clock_type::now(); };
    (void)co_await on->subscribe("measured");
    for (int i = 0; i < count; ++i) {
        arrived = {};
        const auto sent = clock_type::now();
        (void)co_await by->command({"PUBLISH", "measured", std::string(200, 'x')});
        while (arrived == clock_type::time_point{}) co_await boost::asio::post(boost::asio::use_awaitable);
        micros.push_back(std::chrono::duration_cast<std::chrono::microseconds>(arrived - sent).count());
    }
    std::sort(micros.begin(), micros.end());
    co_return micros;
}

}  // namespace

TEST_CASE("messages published after the confirmation arrive once and in order") {
    listening use(secret(shared_server().address()));
    REQUIRE(use.subscribe("a").has_value());
    REQUIRE(use.subscribe("a").has_value());
    REQUIRE(use.subscribe("b").has_value());
    CHECK(use.publish("a", "1") == 1);
    use.publish("b", "2");
    use.publish("nobody's", "3");
    use.publish("a", std::string("x\0y", 3));
    REQUIRE(use.arrives(3));
    CHECK(use.arrived == std::vector<std::string>{"a=1", "b=2", std::string("a=x\0y", 5)});
}

TEST_CASE("nothing arrives after unsubscribing, and the last channel may go and come back") {
    listening use(secret(shared_server().address()));
    for (int i = 0; i < 3; ++i) {
        REQUIRE(use.subscribe("only").has_value());
        use.publish("only", "x");
        REQUIRE(use.arrives(static_cast<std::size_t>(i) + 1));
        use.subscriber->unsubscribe("only");
        use.publish("only", "unheard");
    }
    REQUIRE(use.subscribe("fence").has_value());
    CHECK(use.arrived.size() == 3);
}

TEST_CASE("subscribing and unsubscribing at once leaves the last state requested") {
    listening use(secret(shared_server().address()));
    std::map<std::string, result<>> ended;
    const auto flip = [&](std::string channel) {
        boost::asio::co_spawn(
            use.io, count_ended(use.subscriber.get(), channel, &ended), [](std::exception_ptr, bool) {});
        boost::asio::post(use.io, [&use, channel] { use.subscriber->unsubscribe(channel); });
    };
    flip("flip");
    REQUIRE(use.subscribe("flip").has_value());
    CHECK(use.publish("flip", "1") == 1);
    use.subscriber->unsubscribe("flip");
    REQUIRE(use.subscribe("flip").has_value());
    CHECK(use.publish("flip", "2") == 1);
    flip("gone");
    REQUIRE(use.subscribe("fence").has_value());
    CHECK(ended.at("flip").error() == errc::unavailable);
    CHECK(ended.at("gone").error() == errc::unavailable);
    CHECK(use.publish("gone", "3") == 0);
    REQUIRE(use.arrives(2));
    CHECK(use.subscriber->available());
}

TEST_CASE("many subscriptions at once are all confirmed") {
    listening use(secret(shared_server().address()));
    std::map<std::string, result<>> ended;
    for (int i = 0; i < 2000; ++i)
        boost::asio::co_spawn(use.io, count_ended(use.subscriber.get(), "many" + std::to_string(i), &ended),
            [](std::exception_ptr, bool) {});
    REQUIRE(until(use.io, [&] { return ended.size() == 2000; }));
    CHECK(std::all_of(ended.begin(), ended.end(), [](auto& one) { return one.second.has_value(); }));
    CHECK(use.publish("many1999", "x") == 1);
    REQUIRE(use.arrives(1));
}

TEST_CASE("after a reconnect all subscriptions are active before the owner is notified") {
    server own("redis");
    listening use(secret(own.address()));
    for (int i = 0; i < 1200; ++i) REQUIRE(use.subscribe("c" + std::to_string(i)).has_value());
    use.subscriber->unsubscribe("c7");
    own.kill();
    REQUIRE(until(use.io, [&] { return use.lost == 1; }));
    CHECK_FALSE(use.subscriber->available());
    CHECK(use.subscribe("new").error() == errc::unavailable);
    CHECK(use.back == 0);
    own.start();
    REQUIRE(until(use.io, [&] { return use.back == 1 && use.client->available(); }));
    CHECK(use.subscriber->available());
    CHECK(use.publish("c0", "x") == 1);
    CHECK(use.publish("c1199", "y") == 1);
    CHECK(use.publish("c7", "z") == 0);
    CHECK(use.publish("new", "z") == 0);
    REQUIRE(use.arrives(2));
    CHECK(use.lost == 1);
    CHECK(use.back == 1);
}

TEST_CASE("a subscription that waits for its confirmation ends as unavailable when the server is silent") {
    server own("redis");
    listening use(secret(own.address()), {.answer = 400ms});
    own.pause();
    CHECK(use.subscribe("c").error() == errc::unavailable);
    CHECK(use.lost == 1);
    own.resume();
    REQUIRE(until(use.io, [&] { return use.back == 1 && use.client->available(); }));
    CHECK(use.publish("c", "forgotten") == 0);
}

TEST_CASE("an idle subscriber detects a silent server") {
    server own("redis");
    listening use(secret(own.address()), {.answer = 400ms, .idle = 600ms});
    REQUIRE(use.subscribe("c").has_value());
    own.pause();
    REQUIRE(until(use.io, [&] { return use.lost == 1; }, 12s));
    own.resume();
    REQUIRE(until(use.io, [&] { return use.back == 1 && use.client->available(); }));
    CHECK(use.publish("c", "x") == 1);
    REQUIRE(use.arrives(1));
}

TEST_CASE("a subscriber may be closed from inside its own callback") {
    listening use(secret(shared_server().address()));
    int seen = 0;
    use.subscriber->arrived = [&](std::string_view, std::string_view) {
        ++seen;
        use.subscriber->close();
    };
    REQUIRE(use.subscribe("c").has_value());
    use.publish("c", "1");
    REQUIRE(until(use.io, [&] { return seen == 1; }));
    use.publish("c", "2");
    use.client->close();
    use.io.run_for(5s);
    CHECK(use.io.stopped());
    CHECK(seen == 1);
    CHECK_FALSE(use.subscriber->available());
}

TEST_CASE("a published message arrives within a few milliseconds") {
    listening use(secret(shared_server().address()));
    const auto micros = finish(use.io, measure(use.subscriber.get(), use.client.get(), 2000));
    MESSAGE("publish to arrived: p50 " << micros[1000] << " us, p99 " << micros[1980] << " us");
    CHECK(micros[1000] < 5000);
}
