#include "workers/providers/rules.hpp"

#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::workers::providers {
namespace {

std::int64_t whole(json::value given, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const auto number = given.integer();
    return number && *number >= least && *number <= most ? *number : otherwise;
}

}  // namespace

provider_rules read_rules(std::string_view text) {
    provider_rules out;
    const auto parsed = json::document::parse(text);
    if (!parsed) return out;
    const auto all = parsed->root();
    out.health.failures_to_open = static_cast<int>(whole(all["circuit_failures"], 1, 100, out.health.failures_to_open));
    out.health.open_for = milliseconds{whole(all["circuit_open_ms"], 1'000, 3'600'000, out.health.open_for.count())};
    out.probe_every = seconds{whole(all["provider_probe_seconds"], 0, 86'400, 30)};
    out.max_latency = milliseconds{whole(all["provider_max_latency_ms"], 1, 600'000, out.max_latency.count())};
    if (const auto least = all["provider_min_success"].number(); least && *least >= 0 && *least <= 1)
        out.min_success = *least;
    out.fallback = all["provider_fallback"].boolean().value_or(out.fallback);
    out.default_tier = all["ai_tier_default"].string().value_or("");
    if (const auto given = all["temperature"].number(); given && *given >= 0 && *given <= 2) out.temperature = *given;
    all["provider_budgets"].members([&](std::string_view provider, json::value budget) {
        constexpr std::int64_t most = 1'000'000'000'000;
        const minute_budget given{
            whole(budget["requests_per_minute"], 0, most, 0), whole(budget["tokens_per_minute"], 0, most, 0)};
        if (given.requests > 0 || given.tokens > 0) out.budgets.emplace(provider, given);
    });
    return out;
}

awaitable<result<>> load_rules(postgres::database& database, provider_rules& rules) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.provider_settings", {}));
    if (!rows) co_return rows.error();
    rules = read_rules(rows->empty() ? "{}" : rows->text(0, 0));
    co_return result<>{};
}

}  // namespace airi::workers::providers
