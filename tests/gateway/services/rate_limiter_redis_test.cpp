// The three strategies of a rate in a real Redis. Windows are set back in Redis instead of waiting.
#include "gateway/services/rate_limiter.hpp"

#include <boost/asio/detached.hpp>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "tests/platform/redis_loop.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::decision;
using gateway::strategy;

constexpr strategy all[] = {strategy::sliding_window, strategy::token_bucket, strategy::fixed_window};
constexpr std::int64_t week = 7 * 86'400;  // no window of the clock ends while a case runs

struct limiter_fixture {
    limiter_fixture() : client(redis::open_client(io.get_executor(), secret(shared_server().address()))) {
        REQUIRE(until(io, [&] { return client->available(); }));
    }
    ~limiter_fixture() { client->close(); }

    gateway::window window(strategy counts, std::int64_t max, std::string name = "group") const {
        return {std::move(name), whose, max, week, counts};
    }
    decision take(std::vector<gateway::window> windows) {
        const auto got = finish(io, limits.take(std::move(windows)));
        REQUIRE(got.has_value());
        return *got;
    }
    redis::reply command(std::vector<std::string> words) {
        const auto got = finish(io, client->command(std::move(words)));
        REQUIRE(got.has_value());
        return *got;
    }

    io_context io{1};
    std::unique_ptr<redis::client> client;
    gateway::rate_limiter limits{*client};
    std::string whose = uuid::v7().text();
};

}  // namespace

TEST_CASE("SAAS-12: each strategy allows exactly so many requests, and names what remains and when it resets") {
    for (const auto counts : all) {
        limiter_fixture f;
        CAPTURE(static_cast<int>(counts));
        for (std::int64_t left = 4; left >= 0; --left) {
            const auto got = f.take({f.window(counts, 5)});
            CHECK(got.is == decision::kind::allowed);
            CHECK(got.name == "group");
            CHECK(got.limit == 5);
            CHECK(got.window == week);
            CHECK(got.remaining == left);
            CHECK(got.reset > 0);
            CHECK(got.reset <= week);
        }
        const auto over = f.take({f.window(counts, 5)});
        CHECK(over.is == decision::kind::rate_limited);
        CHECK(over.name == "group");
        CHECK(over.remaining == 0);
        CHECK(over.reset > 0);
        // A bucket holds its next token after a fifth of the window.
        CHECK(over.reset <= (counts == strategy::token_bucket ? week / 5 : week));
        f.whose = uuid::v7().text();
        CHECK(f.take({f.window(counts, 5)}).is == decision::kind::allowed);
    }
}

TEST_CASE("SAAS-12: requests of several connections at once are counted exactly") {
    for (const auto counts : all) {
        limiter_fixture f;
        CAPTURE(static_cast<int>(counts));
        std::vector<std::unique_ptr<limiter_fixture>> gateways;
        for (int i = 0; i < 3; ++i) {
            gateways.push_back(std::make_unique<limiter_fixture>());
            gateways.back()->whose = f.whose;
        }
        int allowed = 0, answered = 0;
        const auto ask = [&](limiter_fixture& gateway) -> awaitable<> {
            auto got = co_await gateway.limits.take({gateway.window(counts, 20)});
            ++answered;
            if (got && got->is == decision::kind::allowed) ++allowed;
        };
        for (int i = 0; i < 60; ++i)
            for (const auto& each : gateways) boost::asio::co_spawn(each->io, ask(*each), boost::asio::detached);
        REQUIRE(until(f.io, [&] {
            for (const auto& each : gateways) {
                each->io.restart();
                each->io.poll();
            }
            return answered == 180;
        }));
        CHECK(allowed == 20);
    }
}

TEST_CASE("SAAS-12: a sliding window forgets each request after its length") {
    limiter_fixture f;
    const auto window = f.window(strategy::sliding_window, 2);
    f.take({window});
    f.take({window});
    CHECK(f.take({window}).is == decision::kind::rate_limited);
    const auto key = "rate:group:" + f.whose;
    const auto log = f.command({"ZRANGE", key, "0", "-1"});
    REQUIRE(log.list.size() == 2);
    f.command({"ZINCRBY", key, std::to_string(-week * 1000), log.list[0].text});
    CHECK(f.take({window}).is == decision::kind::allowed);
    CHECK(f.take({window}).is == decision::kind::rate_limited);
}

TEST_CASE("SAAS-12: a token bucket is refilled evenly, up to its size") {
    limiter_fixture f;
    const auto window = f.window(strategy::token_bucket, 4);
    const auto key = "rate:token_bucket:group:" + f.whose;
    const auto go_back = [&](std::int64_t seconds) {
        const auto at = std::stod(f.command({"HGET", key, "at"}).text);
        f.command({"HSET", key, "at", std::to_string(static_cast<std::int64_t>(at) - seconds * 1000)});
    };
    for (int i = 0; i < 4; ++i) CHECK(f.take({window}).is == decision::kind::allowed);
    const auto empty = f.take({window});
    CHECK(empty.is == decision::kind::rate_limited);
    CHECK(empty.reset <= week / 4);
    go_back(week / 4);
    CHECK(f.take({window}).is == decision::kind::allowed);
    CHECK(f.take({window}).is == decision::kind::rate_limited);
    go_back(3 * week);
    for (std::int64_t left = 3; left >= 0; --left) CHECK(f.take({window}).remaining == left);
    CHECK(f.take({window}).is == decision::kind::rate_limited);
}

TEST_CASE("SAAS-12: a fixed window begins with the clock's next one") {
    limiter_fixture f;
    const auto window = f.window(strategy::fixed_window, 1);
    const auto key = "rate:fixed_window:group:" + f.whose;
    CHECK(f.take({window}).is == decision::kind::allowed);
    const auto over = f.take({window});
    CHECK(over.is == decision::kind::rate_limited);
    const auto now = unix_seconds(airi::now());
    CHECK(std::abs(over.reset - (week - now % week)) <= 5);
    f.command({"HINCRBY", key, "window", "-1"});
    CHECK(f.take({window}).is == decision::kind::allowed);
}

TEST_CASE("SAAS-12: a request is counted by all of its limits or by none, whatever their strategies") {
    limiter_fixture f;
    const auto full = f.window(strategy::token_bucket, 1, "full");
    f.take({full});
    for (const auto counts : all) {
        CAPTURE(static_cast<int>(counts));
        const auto wide = f.window(counts, 3, "wide" + std::to_string(static_cast<int>(counts)));
        for (int i = 0; i < 5; ++i) {
            const auto got = f.take({wide, full});
            CHECK(got.is == decision::kind::rate_limited);
            CHECK(got.name == "full");
        }
        CHECK(f.take({wide}).remaining == 2);
    }
    // None at all, and a limit that is switched off.
    CHECK(f.take({f.window(strategy::fixed_window, 0, "none")}).is == decision::kind::rate_limited);
    CHECK(f.take({f.window(strategy::token_bucket, 0, "none")}).is == decision::kind::rate_limited);
    CHECK(f.take({f.window(strategy::token_bucket, -1, "off")}).is == decision::kind::allowed);
}

TEST_CASE("SAAS-12: a strategy has its documented name, and any other is a sliding window") {
    CHECK(gateway::strategy_named("sliding_window") == strategy::sliding_window);
    CHECK(gateway::strategy_named("token_bucket") == strategy::token_bucket);
    CHECK(gateway::strategy_named("fixed_window") == strategy::fixed_window);
    CHECK(gateway::strategy_named("") == strategy::sliding_window);
}
