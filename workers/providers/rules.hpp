// The settings by which the workers choose providers and ask them: rows of system_settings, reloaded. Used by the
// workers that call models.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/health.hpp"

namespace airi::workers::providers {

/// The use that a provider's account allows in a minute, for all workers together; 0: no limit.
struct minute_budget {
    std::int64_t requests = 0, tokens = 0;
};

struct provider_rules {
    health_policy health;               ///< circuit_failures, circuit_open_ms
    milliseconds probe_every{30'000};   ///< provider_probe_seconds; 0: no probes
    double min_success = 0.5;           ///< provider_min_success
    milliseconds max_latency{10'000};   ///< provider_max_latency_ms
    bool fallback = true;               ///< provider_fallback: whether another provider answers when the first cannot
    std::string default_tier;           ///< ai_tier_default: asked first where no model is requested
    std::optional<double> temperature;  ///< where the caller gives none; none: the provider's own
    std::map<std::string, minute_budget, std::less<>> budgets;  ///< provider_budgets, by provider
};

/// From a JSON object of the settings. A member that is missing, of another type or out of bounds has its default.
provider_rules read_rules(std::string_view json);
awaitable<result<>> load_rules(postgres::database&, provider_rules&);

}  // namespace airi::workers::providers
