#include "workers/providers/models.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::providers {

namespace {

bool has(const std::vector<std::string_view>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// A model's place in a chain; the least is tried first.
using place = std::tuple<int, bool, std::int64_t, std::int64_t, std::int64_t>;

place place_of(
    const priced_model& m, const model_request& request, const provider_rules& rules, const health_table& health) {
    const bool own = m.min_rank <= request.rank;
    const int group = own && m.is_named(request.requested)    ? 0
                      : own && m.is_named(rules.default_tier) ? 1
                      : own                                   ? 2
                                                              : 3;
    const auto standing = health.standing_of(m.provider);
    const auto failing = std::llround((1 - standing.success_rate) * 20);  // in steps of 5 %
    const auto latency = standing.latency.count();
    // A provider in good health keeps its place; the others follow, the more often failing the later.
    if (standing.success_rate >= rules.min_success && standing.latency <= rules.max_latency)
        return {group, false, m.priority, failing, latency};
    return {group, true, failing, latency, m.priority};
}

}  // namespace

std::vector<priced_model> read_models(const postgres::rows& rows) {
    std::vector<priced_model> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        using number = std::int64_t;
        auto [provider, model, min_rank, priority, input, output, context_tokens, reply_tokens, version, api_id,
            stand_in, tier, api_version, connected, cached, cache_write, reasoning] =
            rows.read<std::string, std::string, number, number, number, number, number, number, number, std::string,
                bool, std::string, std::string, bool, number, number, number>(i);
        out.push_back({std::move(provider), std::move(model), min_rank,
            {input, output, cached, cache_write, reasoning, version}, context_tokens, reply_tokens, std::move(api_id),
            priority, stand_in, std::move(tier), std::move(api_version)});
    }
    return out;
}

awaitable<result<>> load_models(postgres::database& database, const provider_list& providers, model_list& models) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.models", {}));
    if (!rows) co_return rows.error();
    auto fresh = std::make_shared<const std::vector<priced_model>>(read_models(*rows));
    const bool first = models->empty();
    models = std::move(fresh);
    for (const auto& provider : providers) {
        const auto its = [&](const priced_model& model) { return model.provider == provider->name(); };
        if (first && !provider->assumed() && std::ranges::none_of(*models, its))
            log::warn("provider.has_no_model", {{"provider", provider->name()}});
    }
    co_return result<>{};
}

provider_names allowed(const provider_list& all, const std::vector<std::string>& by_plan) {
    provider_names out;
    for (const auto& p : all)
        if (by_plan.empty() || std::ranges::find(by_plan, p->name()) != by_plan.end())
            (p->assumed() ? out.assumed : out.configured).push_back(p->name());
    return out;
}

std::vector<priced_model> chain(const std::vector<priced_model>& all, const provider_names& providers,
    const model_request& request, const provider_rules& rules, const health_table& health) {
    std::vector<std::pair<place, const priced_model*>> usable;
    for (const auto& m : all) {
        const bool requested = m.min_rank <= request.rank && m.is_named(request.requested);
        if (m.min_rank > request.rank && !m.stand_in) continue;
        if (has(providers.configured, m.provider) || (requested && has(providers.assumed, m.provider)))
            usable.emplace_back(place_of(m, request, rules, health), &m);
    }
    const auto real = [](const auto& each) { return each.second->provider != "simulated"; };
    if (std::ranges::any_of(usable, real))
        std::erase_if(
            usable, [&](const auto& each) { return !real(each) && !each.second->is_named(request.requested); });
    std::ranges::sort(usable);  // models in equal places stay in their order
    std::vector<priced_model> out;
    for (const auto& [place, model] : usable) {
        const auto& first = *usable.front().second;
        if (rules.fallback || (model->provider == first.provider && model->tier == first.tier)) out.push_back(*model);
    }
    return out;
}

std::int64_t cost(const priced_model& model, const token_count& tokens) {
    const auto& price = model.prices;
    const auto plain_in = std::max<std::int64_t>(tokens.in - tokens.cached - tokens.cache_write, 0);
    const auto shown = std::max<std::int64_t>(tokens.out - tokens.reasoning, 0);
    __extension__ using wide = __int128;
    const wide sum = wide{plain_in} * price.input + wide{tokens.cached} * price.cached +
                     wide{tokens.cache_write} * price.cache_write + wide{shown} * price.output +
                     wide{tokens.reasoning} * price.reasoning;
    constexpr std::int64_t per = 1'000'000;
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min<wide>((sum + per / 2) / per, most));
}

token_count call_usage::tokens() const {
    auto out = counted.value_or(own);
    if (!whole) out.out = std::max(out.out, own.out);
    return out;
}

sql::generations::provider_call priced_call(
    const priced_model& model, std::string outcome, const call_usage& usage, milliseconds latency, std::int64_t epoch) {
    const auto tokens = usage.tokens();
    return {.epoch = epoch,
        .provider = model.provider,
        .model = model.model,
        .outcome = std::move(outcome),
        .tokens = {tokens.in, tokens.out, tokens.cached, tokens.cache_write, tokens.reasoning},
        .cost_nanousd = cost(model, tokens),
        .latency_ms = latency.count(),
        .own_in = usage.own.in,
        .own_out = usage.own.out,
        .counted_by_provider = usage.counted && usage.whole,
        .reported = usage.reported,
        .price_version = model.prices.version};
}

std::vector<priced_model> cheapest_first(std::vector<priced_model> models) {
    std::multimap<std::int64_t, priced_model> by_price;  // equals stay in their order
    for (auto& m : models) by_price.emplace(m.prices.input + m.prices.output, std::move(m));
    models.clear();
    for (auto& [price, m] : by_price) models.push_back(std::move(m));
    return models;
}

}  // namespace airi::workers::providers
