// Request rates (sliding windows) and daily quotas, decided together by one atomic Redis script over any number of
// gateways. Without Redis rates are not limited. What the quota lets pass is counted in Postgres too, which is exact.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/problem.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

struct account;
struct services;

struct window {
    std::string name;   ///< the group's, for the headers
    std::string whose;  ///< user or address
    std::int64_t max = 0;
    std::int64_t seconds = 60;
};

/// A set of ids, one per counted thing, so that a repeated one counts once.
struct quota {
    std::string whose;
    std::string day;       ///< 2026-01-31, UTC
    std::int64_t max = 0;  ///< -1: unlimited, but repeats are still recognised
    std::string member;
};

struct decision {
    enum class kind { allowed, rate_limited, quota_used, unseeded };
    kind is = kind::allowed;
    std::string name;  ///< of the window that refused, or of the tightest one
    std::int64_t limit = 0, window = 0, remaining = 0, reset = 0;  ///< seconds until a request is possible again
    bool repeated = false;                                         ///< the quota's member was counted before
    std::string read;                                              ///< what the key holds that was read on the way
};

class rate_limiter {
public:
    explicit rate_limiter(redis::client& redis) : redis_(redis) {}

    /// Counts the request in every window and in the quota, or in none. `unseeded`: fill the quota with seed() first.
    /// `read`: a key whose value is wanted too, so that it costs no round trip of its own.
    awaitable<result<decision>> take(
        std::vector<window> windows, std::optional<quota> day = std::nullopt, std::string read = {});
    /// Today's ids as Postgres has them.
    awaitable<result<>> seed(quota day, std::vector<std::string> members);
    /// Takes a counted member back: what it was for did not come about.
    awaitable<> give_back(quota day);

private:
    redis::client& redis_;
};

/// The windows that limit a caller: `api`, `group` (may be empty) and the API key's own.
std::vector<window> windows_of(const account&, std::string_view group);
/// 429 for a decision other than `allowed`: RATE_LIMITED or QUOTA_EXCEEDED.
problem too_many(const decision&);
/// Counts a request in the caller's windows; a problem when one is used up. `used` gets the decision. `read`: as in
/// rate_limiter::take. Without Redis, or with rate limiting off, nothing is limited.
awaitable<std::optional<problem>> take_rates(
    services&, const account&, std::string_view group, decision& used, std::string read = {});

/// `"chat";r=42;t=30` and `"chat";q=100;w=3600` (draft-ietf-httpapi-ratelimit-headers-11).
std::vector<std::pair<std::string, std::string>> rate_limit_headers(const decision&);

}  // namespace airi::gateway
