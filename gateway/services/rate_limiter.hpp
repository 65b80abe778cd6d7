// Request rates and daily quotas, decided together by one atomic Redis script for all gateways. A rate counts by its
// strategy. A sliding window keeps a log of the requests: exactly `max` in any window of that length. A token
// bucket holds `max` and is refilled evenly over the window. A fixed window is one number for each window of the clock.
// Without Redis the profile decides which requests pass; messages within the quota are counted exactly in Postgres.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/problem.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

struct account;
struct gateway_options;
struct services;

enum class strategy { sliding_window, token_bucket, fixed_window };
/// Any other name is a sliding window.
strategy strategy_named(std::string_view);

/// A limit as the profile or a plan sets it.
struct rate {
    std::string name;  ///< api, chat, auth, …
    std::int64_t max = 0, window = 0;
    strategy counts = strategy::sliding_window;
    bool general = false;  ///< of all requests of a caller whose plan has none of its own, or of no account
};

struct window {
    std::string name;   ///< of the rate group, for the headers
    std::string whose;  ///< user or address
    std::int64_t max = 0;
    std::int64_t seconds = 60;
    strategy counts = strategy::sliding_window;
};

/// A set of message ids, so that a repeated one counts once.
struct quota {
    std::string whose;
    std::string day;       ///< 2026-01-31, UTC
    std::int64_t max = 0;  ///< -1: unlimited, but repeats are still recognised
    std::string member;
};

struct decision {
    enum class kind { allowed, rate_limited, quota_used, unseeded };
    kind is = kind::allowed;
    std::string name;  ///< of the window that is full, or of the tightest one
    std::int64_t limit = 0, window = 0, remaining = 0, reset = 0;  ///< seconds until a request is possible again
    bool repeated = false;                                         ///< the quota has counted its member before
    std::string read;                                              ///< the value of the key given as `read`
};

class rate_limiter {
public:
    explicit rate_limiter(redis::client& redis) : redis_(redis) {}

    /// Counts the request in every window and in the quota, or in none. `unseeded`: fill the quota with seed() first.
    /// `read` names a key to get in the same round trip.
    awaitable<result<decision>> take(
        std::vector<window> windows, std::optional<quota> day = std::nullopt, std::string read = {});
    /// Fills the quota with the day's ids from Postgres.
    awaitable<result<>> seed(quota day, std::vector<std::string> members);
    /// Removes a counted member, when its message was not sent after all.
    awaitable<> give_back(quota day);

private:
    redis::client& redis_;
};

/// A rate as it holds in this installation, whose options may have another general one.
const rate& rate_in_force(const gateway_options&, const rate&);
/// The windows that limit a caller: `api`, `group` (may be empty) and the API key's own.
std::vector<window> windows_of(const gateway_options&, const account&, std::string_view group);
/// 429 for a decision other than `allowed`: RATE_LIMITED or QUOTA_EXCEEDED.
problem too_many(const decision&);
/// 503 when the profile has requests of this group wait for Redis: it is unavailable, and nobody counts them.
std::optional<problem> refuse_uncounted(const services&, std::string_view group);
/// Whether no limit by address counts this one: the profile exempts it, in development.
bool is_exempt(const services&, std::string_view address);
/// Counts a request in the caller's windows; a problem when one is used up. `used` gets the decision. `read`: as in
/// rate_limiter::take. With rate limiting off nothing is limited.
awaitable<std::optional<problem>> take_rates(
    services&, const account&, std::string_view group, decision& used, std::string read = {});

/// The same for all requests of an IP address in `group`.
awaitable<std::optional<problem>> take_address_rate(
    services&, std::string_view group, std::string address, decision& used);

/// `"chat";r=42;t=30` and `"chat";q=100;w=3600` (draft-ietf-httpapi-ratelimit-headers-11).
std::vector<std::pair<std::string, std::string>> rate_limit_headers(const decision&);

}  // namespace airi::gateway
