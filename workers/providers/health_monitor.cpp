#include "workers/providers/health_monitor.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/providers/call_metrics.hpp"

namespace airi::workers::providers {
namespace {

using clock = std::chrono::steady_clock;

constexpr milliseconds probe_limit{5'000};

std::string_view name_of(health::state state) {
    if (state == health::state::closed) return "closed";
    return state == health::state::open ? "open" : "half_open";
}

std::optional<std::int64_t> milliseconds_of(std::optional<clock::duration> length) {
    return length ? std::optional<std::int64_t>(std::chrono::floor<milliseconds>(*length).count()) : std::nullopt;
}

std::map<std::string, others_health, std::less<>> read_others(const postgres::rows& rows, moment now) {
    std::map<std::string, others_health, std::less<>> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto [provider, workers, measured, success_rate, latency, open, age] =
            rows.read<std::string, std::int64_t, std::int64_t, double, std::int64_t, std::int64_t, std::int64_t>(i);
        auto& one = out[provider];
        one.workers = static_cast<int>(workers);
        one.measured = static_cast<int>(measured);
        one.success_rate = success_rate;
        one.latency = milliseconds{latency};
        one.open_until = now + milliseconds{std::max<std::int64_t>(open, 0)};
        if (age >= 0) one.last_measured = now - milliseconds{age};
    }
    return out;
}

// The simulated provider is one of ours only where there is no other.
bool is_used(const chat_provider& provider, const provider_list& all) {
    if (provider.assumed()) return false;
    const auto real = [](const auto& each) { return !each->assumed() && each->name() != "simulated"; };
    return provider.name() != "simulated" || std::ranges::none_of(all, real);
}

}  // namespace

health_monitor::health_monitor(postgres::database& database, const provider_list& providers, health_table& health,
    const provider_rules& rules, std::string instance)
    : database_(database),
      providers_(providers),
      health_(health),
      rules_(rules),
      instance_(std::move(instance)),
      began_(clock::now()) {
    for (const auto& provider : providers_)
        if (is_used(*provider, providers_)) health_.of(provider->name());
}

awaitable<result<>> health_monitor::refresh() {
    health_.set_policy(rules_.health);
    const auto now = clock::now();
    show_breakers(health_, now);
    postgres::transaction work;
    if (!instance_.empty()) work.statements.push_back(save(now));
    work.statements.push_back(sql::bind("provider_health.others", {{"instance", instance_}}));
    const auto rows = co_await database_.run(std::move(work));
    if (!rows) co_return rows.error();
    health_.set_others(read_others(rows->back(), now));
    if (instance_.empty() || rules_.probe_every.count() == 0) co_return result<>{};
    for (const auto& provider : providers_) {
        if (!is_used(*provider, providers_)) continue;
        const auto last = std::max(health_.last_measured(provider->name()).value_or(began_), began_);
        if (now - last >= rules_.probe_every) co_await probe(*provider);
    }
    co_return result<>{};
}

postgres::bound health_monitor::save(moment now) const {
    json::array rows;
    health_.each([&](std::string_view provider, const health& health) {
        const auto open = health.excluded_for(now);
        const auto& error = health.last_error();
        const auto age = health.measured() ? std::optional(now - *health.measured()) : std::nullopt;
        rows.add(json::object()
                .add("provider", provider)
                .add("state", name_of(health.current(now)))
                .add("success_rate", health.success_rate())
                .add("latency_ms", health.latency().count())
                .add("failures", health.failures())
                .add("last_error", error.empty() ? std::nullopt : std::optional(error))
                .add("open_ms", open.count() > 0 ? std::optional(open.count()) : std::nullopt)
                .add("age_ms", milliseconds_of(age)));
    });
    return sql::bind("provider_health.save", {{"instance", instance_}, {"health", rows.text()}});
}

// A provider that is excluded is left alone until its pause is over.
awaitable<> health_monitor::probe(chat_provider& provider) {
    auto& health = health_.of(provider.name());
    const auto start = clock::now();
    if (health.current(start) == health::state::open) co_return;
    const auto answered = co_await provider.probe(probe_limit);
    const auto end = clock::now();
    if (answered) {
        health.probed(end, std::chrono::floor<milliseconds>(end - start));
        co_return;
    }
    health.failed(end, answered.error());
    log::warn("provider.probe_failed",
        {{"provider", provider.name()}, {"error", answered.error().message()}, {"failures", health.failures()}});
}

}  // namespace airi::workers::providers
