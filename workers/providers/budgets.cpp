#include "workers/providers/budgets.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "platform/base/log.hpp"

namespace airi::workers::providers {
namespace {

using clock = std::chrono::steady_clock;

constexpr double minute_ms = 60'000;

// KEYS[1]: the budget. ARGV: requests and tokens that a minute allows (0: no limit), tokens wanted. Returns 0 when they
// were taken, otherwise the milliseconds until they can be.
const redis::script take_script(R"lua(
local requests, tokens, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local row = redis.call('HMGET', KEYS[1], 'requests', 'tokens', 'at')
local passed = math.max(0, now - (tonumber(row[3]) or 0))
local function filled(level, most)
    if not level then return most end
    return math.min(most, tonumber(level) + most * passed / 60000)
end
local has_requests, has_tokens, wait = filled(row[1], requests), filled(row[2], tokens), 0
wanted = math.min(wanted, tokens)
if requests > 0 and has_requests < 1 then wait = (1 - has_requests) * 60000 / requests end
if tokens > 0 and has_tokens < wanted then wait = math.max(wait, (wanted - has_tokens) * 60000 / tokens) end
if wait > 0 then return math.max(1, math.ceil(wait)) end
redis.call('HSET', KEYS[1], 'requests', has_requests - 1, 'tokens', has_tokens - wanted, 'at', now)
redis.call('PEXPIRE', KEYS[1], 120000)
return 0
)lua");

// KEYS[1]: the budget, ARGV[1]: tokens to give back, or to take when negative.
const redis::script settle_script(R"lua(
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', ARGV[1]) end
return 0
)lua");

std::string key_of(const std::string& provider) { return "budget:" + provider; }

}  // namespace

awaitable<provider_budgets::grant> provider_budgets::take(std::string provider, std::int64_t tokens) {
    const auto found = rules_.budgets.find(provider);
    if (found == rules_.budgets.end()) co_return grant{};
    const auto budget = found->second;
    grant out;
    out.provider = std::move(provider);
    out.tokens = budget.tokens > 0 ? std::min(tokens, budget.tokens) : 0;
    std::vector<std::string> keys{key_of(out.provider)};
    std::vector<std::string> arguments{
        std::to_string(budget.requests), std::to_string(budget.tokens), std::to_string(out.tokens)};
    const auto reply = co_await redis_.eval(take_script, std::move(keys), std::move(arguments));
    out.local = !reply;
    set_local(out.local, out.provider);
    out.wait = reply ? milliseconds{reply->number} : take_locally(out.provider, budget, out.tokens);
    co_return out;
}

awaitable<> provider_budgets::settle(grant taken, std::int64_t used) {
    const auto back = taken.tokens - used;
    if (taken.provider.empty() || taken.tokens == 0 || back == 0) co_return;
    if (taken.local) {
        levels_[taken.provider].tokens += static_cast<double>(back);
        co_return;
    }
    std::vector<std::string> keys{key_of(taken.provider)}, arguments{std::to_string(back)};
    [[maybe_unused]] const auto ignored = co_await redis_.eval(settle_script, std::move(keys), std::move(arguments));
}

milliseconds provider_budgets::take_locally(const std::string& provider, minute_budget whole, std::int64_t tokens) {
    const auto workers = static_cast<double>(health_.workers());
    const auto requests_share = static_cast<double>(whole.requests) / workers;
    const auto tokens_share = static_cast<double>(whole.tokens) / workers;
    const auto now = clock::now();
    // One request always fits in, however small the share.
    const auto most_requests = std::max(requests_share, 1.0);
    auto& has = levels_.try_emplace(provider, level{most_requests, tokens_share, now}).first->second;
    const auto passed = std::chrono::duration<double, std::milli>(now - std::exchange(has.at, now)).count();
    has.requests = std::min(most_requests, has.requests + requests_share * passed / minute_ms);
    has.tokens = std::min(tokens_share, has.tokens + tokens_share * passed / minute_ms);
    const auto wanted = std::min(static_cast<double>(tokens), tokens_share);
    double wait = 0;
    if (whole.requests > 0 && has.requests < 1) wait = (1 - has.requests) * minute_ms / requests_share;
    if (whole.tokens > 0 && has.tokens < wanted)
        wait = std::max(wait, (wanted - has.tokens) * minute_ms / tokens_share);
    if (wait > 0) return milliseconds{std::max(1LL, static_cast<long long>(std::ceil(wait)))};
    has.requests -= 1;
    has.tokens -= wanted;
    return milliseconds{0};
}

void provider_budgets::set_local(bool local, const std::string& provider) {
    if (std::exchange(local_, local) == local) return;
    if (local)
        log::warn("provider.budget_is_local", {{"provider", provider}, {"workers", health_.workers()}});
    else
        log::info("provider.budget_is_shared", {{"provider", provider}});
}

}  // namespace airi::workers::providers
