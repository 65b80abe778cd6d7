// The budgets of providers in a real Redis, taken by two workers, each with a connection of its own.
#include "workers/providers/budgets.hpp"

#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/captured_log.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using workers::providers::health_table;
using workers::providers::minute_budget;
using workers::providers::provider_budgets;
using workers::providers::provider_rules;

server& shared_redis() {
    static server one{"redis"};
    one.start_again();
    return one;
}

struct worker {
    io_context& io;
    const provider_rules& rules;
    health_table health;
    std::unique_ptr<redis::client> client;
    provider_budgets budgets;

    worker(io_context& io, const provider_rules& rules)
        : io(io),
          rules(rules),
          client(redis::open_client(io.get_executor(), secret(shared_redis().address()))),
          budgets(*client, rules, health) {
        REQUIRE(until(io, [&] { return client->available(); }));
        health.set_others({{"openai", {.workers = 1}}});
    }
    provider_budgets::grant take(std::int64_t tokens, const char* provider = "openai") {
        return finish(io, budgets.take(provider, tokens));
    }
    // A call that was granted so many tokens has used so many.
    void settle(std::int64_t granted, std::int64_t used) {
        finish(io, settled(&budgets, {.wait = {}, .provider = "openai", .tokens = granted, .local = false}, used));
    }

private:
    static awaitable<bool> settled(provider_budgets* budgets, provider_budgets::grant grant, std::int64_t used) {
        co_await budgets->settle(std::move(grant), used);
        co_return true;
    }
};

struct two_workers {
    io_context io;
    provider_rules rules;
    worker one{io, rules}, other{io, rules};

    two_workers(minute_budget budget) {
        rules.budgets["openai"] = budget;
        REQUIRE(finish(io, one.client->command({"DEL", "budget:openai"})).has_value());
    }
    // The number of granted requests, taken by the two in turns.
    int granted(int requests, std::int64_t tokens) {
        int out = 0;
        for (int i = 0; i < requests; ++i) out += (i % 2 ? one : other).take(tokens).wait.count() == 0;
        return out;
    }
};

}  // namespace

TEST_CASE("SAAS-34: two workers share a provider's requests a minute") {
    two_workers w({.requests = 10, .tokens = 0});
    CHECK(w.granted(30, 1'000'000) == 10);
    const auto refused = w.other.take(1);
    // One more every 6 seconds.
    CHECK(refused.wait > milliseconds{1'000});
    CHECK(refused.wait <= milliseconds{6'000});
    CHECK(w.other.take(1, "groq").wait.count() == 0);  // has no limit
}

TEST_CASE("SAAS-34: two workers share a provider's tokens a minute, and give back what a call did not use") {
    two_workers w({.requests = 0, .tokens = 1'000});
    CHECK(w.granted(10, 250) == 4);
    auto refused = w.one.take(500);
    CHECK(refused.wait > milliseconds{25'000});
    CHECK(refused.wait <= milliseconds{30'000});
    w.one.settle(250, 50);
    CHECK(w.other.take(150).wait.count() == 0);
    // More than a minute allows is all of a minute's, not impossible.
    refused = w.one.take(50'000);
    CHECK(refused.wait > milliseconds{50'000});
    CHECK(refused.wait <= milliseconds{60'000});
    w.one.settle(100, 600);
    CHECK(w.other.take(1).wait > milliseconds{15'000});
}

TEST_CASE("SAAS-34: a budget fills again") {
    two_workers w({.requests = 6'000, .tokens = 0});
    CHECK(w.granted(2, 0) == 2);
    REQUIRE(finish(w.io, w.one.client->command({"HSET", "budget:openai", "requests", "0"})).has_value());
    REQUIRE(until(w.io, [&] { return w.granted(1, 0) == 1; }));
}

TEST_CASE("SAAS-34: while Redis is away each worker takes its share of the budget and logs that") {
    captured_log log;
    two_workers w({.requests = 10, .tokens = 0});
    CHECK(w.granted(2, 0) == 2);
    shared_redis().kill();
    REQUIRE(until(w.io, [&] { return !w.one.client->available() && !w.other.client->available(); }));
    CHECK(w.granted(30, 0) == 10);
    CHECK(w.one.take(0).local);
    CHECK(w.one.take(0).wait > milliseconds{5'000});
    CHECK(log.count("provider.budget_is_local") == 2);
    shared_redis().start_again();
    REQUIRE(until(w.io, [&] { return !w.one.take(0).local && !w.other.take(0).local; }));
    CHECK(log.count("provider.budget_is_shared") == 2);
}
