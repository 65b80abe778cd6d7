#include "gateway/services/rate_limiter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/services/services.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

// KEYS: one for each window, then the quota's set if there is one, then a key to read if there is one. ARGV: number of
// windows, a token unique to this request, then strategy, max and seconds for each window, then the quota's max and
// member. Returns {kind, index of the window, remaining, milliseconds to wait, repeated, value of the key}; the last
// only when the request is allowed. A look returns how many requests are left before this one, and the wait when none
// is, else the time until all are.
const redis::script take_script(R"lua(
local windows = tonumber(ARGV[1])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local look, count = {}, {}
function look.sliding_window(key, max, span)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
    local used = redis.call('ZCARD', key)
    if used < max then return max - used, span end
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    return 0, oldest[2] and oldest[2] + span - now or span
end
function count.sliding_window(key, max, span)
    redis.call('ZADD', key, now, ARGV[2])
    redis.call('PEXPIRE', key, span)
end
function look.token_bucket(key, max, span)
    if max == 0 then return 0, span end
    local held = redis.call('HMGET', key, 'tokens', 'at')
    local gained = held[1] and math.max(0, now - held[2]) * max / span
    local tokens = held[1] and math.min(max, held[1] + gained) or max
    if tokens < 1 then return 0, (1 - tokens) * span / max end
    return tokens, (max - tokens + 1) * span / max
end
function count.token_bucket(key, max, span, left)
    redis.call('HSET', key, 'tokens', left - 1, 'at', now)
    redis.call('PEXPIRE', key, span)
end
function look.fixed_window(key, max, span)
    local held = redis.call('HMGET', key, 'window', 'used')
    local used = tonumber(held[1]) == math.floor(now / span) and tonumber(held[2]) or 0
    return math.max(0, max - used), span - now % span
end
function count.fixed_window(key, max, span, left)
    redis.call('HSET', key, 'window', math.floor(now / span), 'used', max - left + 1)
    redis.call('PEXPIRE', key, span)
end
local repeated = 0
local quota = ARGV[3 + windows * 3] and KEYS[windows + 1]
if quota then
    local max, member = tonumber(ARGV[3 + windows * 3]), ARGV[4 + windows * 3]
    if redis.call('EXISTS', quota) == 0 then
        if max >= 0 then return {3, 0, 0, 0, 0} end
    elseif redis.call('SISMEMBER', quota, member) == 1 then
        repeated = 1
    elseif max >= 0 and redis.call('SCARD', quota) - 1 >= max then
        return {2, 0, 0, 86400000 - now % 86400000, 0}
    end
end
local left, tightest, least, wait = {}, 0, -1, 0
for i = 1, windows do
    local strategy, max, span = ARGV[i * 3], tonumber(ARGV[1 + i * 3]), tonumber(ARGV[2 + i * 3]) * 1000
    if max >= 0 then
        local ahead
        left[i], ahead = look[strategy](KEYS[i], max, span)
        if left[i] < 1 then return {1, i, 0, math.ceil(ahead), 0} end
        local after = math.floor(left[i] - 1)
        if least < 0 or after < least then tightest, least, wait = i, after, math.ceil(ahead) end
    end
end
for i = 1, windows do
    local max, span = tonumber(ARGV[1 + i * 3]), tonumber(ARGV[2 + i * 3]) * 1000
    if left[i] then count[ARGV[i * 3]](KEYS[i], max, span, left[i]) end
end
if quota then
    redis.call('SADD', quota, '-', ARGV[4 + windows * 3])
    redis.call('EXPIRE', quota, 172800)
end
local asked = KEYS[windows + (quota and 2 or 1)]
return {0, tightest, least, wait, repeated, asked and redis.call('GET', asked)}
)lua");

// In the order of the enumeration.
constexpr std::string_view strategies[] = {"sliding_window", "token_bucket", "fixed_window"};
std::string_view name_of(strategy strategy) { return strategies[static_cast<std::size_t>(strategy)]; }

// A changed strategy begins anew: the values of two strategies have different types.
std::string rate_key(const window& window) {
    const auto counts =
        window.counts == strategy::sliding_window ? std::string{} : std::string(name_of(window.counts)) + ":";
    return "rate:" + counts + window.name + ":" + window.whose;
}

std::string quota_key(const quota& q) { return "quota:messages:" + q.whose + ":" + q.day; }

}  // namespace

strategy strategy_named(std::string_view name) {
    const auto found = std::find(std::begin(strategies), std::end(strategies), name);
    return found == std::end(strategies) ? strategy::sliding_window
                                         : static_cast<strategy>(found - std::begin(strategies));
}

awaitable<result<decision>> rate_limiter::take(
    std::vector<window> windows, std::optional<quota> day, std::string read) {
    static thread_local std::uint64_t counter = 0;
    std::vector<std::string> keys, arguments{std::to_string(windows.size()),
                                       fmt::format("{:x}-{:x}", ++counter, reinterpret_cast<std::uintptr_t>(&counter)) +
                                           std::to_string(airi::now().time_since_epoch().count())};
    for (const auto& window : windows) {
        keys.push_back(rate_key(window));
        arguments.emplace_back(name_of(window.counts));
        arguments.push_back(std::to_string(window.max));
        arguments.push_back(std::to_string(window.seconds));
    }
    if (day) {
        keys.push_back(quota_key(*day));
        arguments.push_back(std::to_string(day->max));
        arguments.push_back(day->member);
    }
    if (!read.empty()) keys.push_back(std::move(read));
    auto reply = co_await redis_.eval(take_script, std::move(keys), std::move(arguments));
    if (!reply) co_return reply.error();
    auto& cells = reply->list;
    decision out;
    if (cells.size() < 5) co_return make_error_code(redis::errc::refused);
    out.is = static_cast<decision::kind>(cells[0].number);
    if (const auto index = static_cast<std::size_t>(cells[1].number); index > 0 && index <= windows.size()) {
        out.name = windows[index - 1].name;
        out.limit = windows[index - 1].max;
        out.window = windows[index - 1].seconds;
    }
    if (out.is == decision::kind::quota_used) {
        out.name = "messages";
        out.limit = day->max;
        out.window = 86'400;
    }
    out.remaining = std::max<std::int64_t>(0, cells[2].number);
    out.reset = (cells[3].number + 999) / 1000;
    out.repeated = cells[4].number == 1;
    if (cells.size() > 5) out.read = std::move(cells[5].text);
    co_return out;
}

awaitable<result<>> rate_limiter::seed(quota day, std::vector<std::string> members) {
    std::vector<std::string> add{"SADD", quota_key(day), "-"};
    add.insert(add.end(), std::make_move_iterator(members.begin()), std::make_move_iterator(members.end()));
    const auto added = co_await redis_.command(std::move(add));
    if (!added) co_return added.error();
    std::vector<std::string> expire{"EXPIRE", quota_key(day), "172800"};
    const auto expires = co_await redis_.command(std::move(expire));
    if (!expires) co_return expires.error();
    co_return result<>{};
}

awaitable<> rate_limiter::give_back(quota day) {
    std::vector<std::string> remove{"SREM", quota_key(day), day.member};
    co_await redis_.command(std::move(remove));
}

const rate& rate_in_force(const gateway_options& options, const rate& set) {
    return set.general && options.general_rate ? *options.general_rate : set;
}

std::vector<window> windows_of(const gateway_options& options, const account& caller, std::string_view group) {
    std::vector<window> out;
    for (const std::string_view name : {std::string_view("api"), group}) {
        const auto found = caller.rates.find(name);
        if (name.empty() || found == caller.rates.end()) continue;
        const auto& rate = rate_in_force(options, found->second);
        if (rate.max >= 0) out.push_back({found->first, caller.id.text(), rate.max, rate.window, rate.counts});
    }
    if (caller.key_rate >= 0) out.push_back({"api_key", caller.session.text(), caller.key_rate, 3600});
    return out;
}

problem too_many(const decision& d) {
    problem out{429, "RATE_LIMITED",
        fmt::format("at most {} requests in {} s are allowed, try again in {} s", d.limit, d.window, d.reset)};
    out.retry_after = std::max<std::int64_t>(1, d.reset);
    if (d.is == decision::kind::quota_used) {
        out.code = "QUOTA_EXCEEDED";
        out.message = fmt::format("the daily limit of {} {} is reached", d.limit, d.name);
    }
    out.details = json::object()
                      .add("limit", d.limit)
                      .add("window_seconds", d.window)
                      .add("remaining", 0)
                      .add("reset_seconds", d.reset)
                      .text();
    return out;
}

std::optional<problem> refuse_uncounted(const services& services, std::string_view group) {
    const auto rows = services.catalogue.rows();
    if (rows->boolean("rate_limit_fail_open") && !rows->lists("rate_limit_fail_closed_groups", group))
        return std::nullopt;
    return problem_of(make_error_code(redis::errc::unavailable));
}

bool is_exempt(const services& services, std::string_view address) {
    return services.options.environment == "development" &&
           services.catalogue.rows()->lists("rate_limit_exempt_in_development", address);
}

awaitable<std::optional<problem>> take_rates(
    services& services, const account& caller, std::string_view group, decision& used, std::string read) {
    if (!is_on(services, "rate_limiting", &caller)) co_return std::nullopt;
    auto windows = windows_of(services.options, caller, group);
    if (windows.empty()) co_return std::nullopt;
    auto got = co_await services.limits.take(std::move(windows), std::nullopt, std::move(read));
    if (!got) co_return refuse_uncounted(services, group);
    used = std::move(*got);
    if (used.is == decision::kind::allowed) co_return std::nullopt;
    co_return too_many(used);
}

awaitable<std::optional<problem>> take_address_rate(
    services& services, std::string_view group, std::string address, decision& used) {
    if (!is_on(services, "rate_limiting", nullptr) || is_exempt(services, address)) co_return std::nullopt;
    const auto rows = services.catalogue.rows();
    const auto found = rows->rates.find(group);
    if (found == rows->rates.end()) co_return std::nullopt;
    const auto& rate = rate_in_force(services.options, found->second);
    if (rate.max < 0) co_return std::nullopt;
    std::vector<window> windows;
    windows.push_back({found->first, counted_network(address), rate.max, rate.window, rate.counts});
    const auto taken = co_await services.limits.take(std::move(windows));
    if (!taken) co_return refuse_uncounted(services, group);
    used = *taken;
    if (used.is == decision::kind::allowed) co_return std::nullopt;
    co_return too_many(used);
}

std::vector<std::pair<std::string, std::string>> rate_limit_headers(const decision& d) {
    if (d.name.empty()) return {};
    return {{"RateLimit-Policy", fmt::format("\"{}\";q={};w={}", d.name, d.limit, d.window)},
        {"RateLimit", fmt::format("\"{}\";r={};t={}", d.name, d.remaining, d.reset)}};
}

}  // namespace airi::gateway
