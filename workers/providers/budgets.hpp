// Requests and tokens a minute that a provider's account allows, taken by all workers from one place in Redis before a
// call. Used by the workers that call models.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "platform/redis/redis.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/rules.hpp"

namespace airi::workers::providers {

/// A budget fills continuously up to what a minute allows; a provider without one has no limit and costs no round trip.
/// While Redis is unavailable each worker takes from its own share of the budget, a part for each worker that is alive,
/// and logs provider.budget_is_local.
class provider_budgets {
public:
    /// All must outlive the object and its coroutines.
    provider_budgets(redis::client& redis, const provider_rules& rules, const health_table& health)
        : redis_(redis), rules_(rules), health_(health) {}

    struct grant {
        milliseconds wait{0};  ///< more than 0: nothing was taken; the earliest time at which it is worth another try
        std::string provider;  ///< empty: without a limit
        std::int64_t tokens = 0;
        bool local = false;
    };
    /// Takes one request and so many tokens. More tokens than a minute allows count as all of them.
    awaitable<grant> take(std::string provider, std::int64_t tokens);
    /// Corrects a grant once the call's tokens are known.
    awaitable<> settle(grant, std::int64_t used);

private:
    struct level {
        double requests = 0, tokens = 0;
        moment at{};
    };
    milliseconds take_locally(const std::string& provider, minute_budget, std::int64_t tokens);
    void set_local(bool, const std::string& provider);

    redis::client& redis_;
    const provider_rules& rules_;
    const health_table& health_;
    std::map<std::string, level, std::less<>> levels_;
    bool local_ = false;
};

}  // namespace airi::workers::providers
