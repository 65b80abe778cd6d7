#include "workers/providers/rules.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::providers;

TEST_CASE("SAAS-32: each setting of the providers is read") {
    const auto rules = read_rules(
        R"({"circuit_failures":5,"circuit_open_ms":2000,"provider_probe_seconds":7,"provider_min_success":0.25,)"
        R"("provider_max_latency_ms":900,"provider_fallback":false,"ai_tier_default":"openai",)"
        R"("provider_budgets":{"openai":{"requests_per_minute":500,"tokens_per_minute":200000},)"
        R"("groq":{"tokens_per_minute":10}}})");
    CHECK(rules.health.failures_to_open == 5);
    CHECK(rules.health.open_for == seconds{2});
    CHECK(rules.probe_every == seconds{7});
    CHECK(rules.min_success == 0.25);
    CHECK(rules.max_latency == milliseconds{900});
    CHECK(!rules.fallback);
    CHECK(rules.default_tier == "openai");
    REQUIRE(rules.budgets.size() == 2);
    CHECK(rules.budgets.at("openai").requests == 500);
    CHECK(rules.budgets.at("openai").tokens == 200'000);
    CHECK(rules.budgets.at("groq").requests == 0);
    CHECK(rules.budgets.at("groq").tokens == 10);
}

TEST_CASE("SAAS-32: a missing or bad setting of the providers has its default") {
    const provider_rules usual;
    for (const auto* text : {"", "{}", "[]", "null",
             R"({"circuit_failures":0,"circuit_open_ms":"x","provider_probe_seconds":-1,"provider_min_success":2,)"
             R"("provider_max_latency_ms":0,"provider_fallback":1,"ai_tier_default":null,)"
             R"("provider_budgets":{"openai":{"requests_per_minute":-1},"groq":7}})"}) {
        CAPTURE(text);
        const auto rules = read_rules(text);
        CHECK(rules.health.failures_to_open == 3);
        CHECK(rules.health.open_for == seconds{60});
        CHECK(rules.probe_every == usual.probe_every);
        CHECK(rules.min_success == usual.min_success);
        CHECK(rules.max_latency == usual.max_latency);
        CHECK(rules.fallback);
        CHECK(rules.default_tier.empty());
        CHECK(rules.budgets.empty());
    }
}
