#include "workers/providers/models.hpp"

#include <algorithm>
#include <map>

#include "sql/statements.hpp"

namespace airi::workers::providers {

std::vector<priced_model> read_models(const postgres::rows& rows) {
    std::vector<priced_model> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto [provider, model, min_rank, priority, input, output, context_tokens, reply_tokens] =
            rows.read<std::string_view, std::string_view, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                std::int64_t, std::int64_t>(i);
        out.push_back(
            {std::string(provider), std::string(model), min_rank, input, output, context_tokens, reply_tokens});
    }
    return out;
}

awaitable<result<>> load_models(postgres::database& database, model_list& models) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.models", {}));
    if (!rows) co_return rows.error();
    models = std::make_shared<const std::vector<priced_model>>(read_models(*rows));
    co_return result<>{};
}

std::vector<std::string_view> allowed(const provider_list& all, const std::vector<std::string>& by_plan) {
    std::vector<std::string_view> out;
    for (const auto& p : all)
        if (by_plan.empty() || std::count(by_plan.begin(), by_plan.end(), p->name()) > 0) out.push_back(p->name());
    return out;
}

std::vector<priced_model> chain(const std::vector<priced_model>& all, const std::vector<std::string_view>& configured,
    std::int64_t rank, std::string_view requested) {
    std::vector<priced_model> usable;
    for (const auto& m : all)
        if (m.min_rank <= rank && std::find(configured.begin(), configured.end(), m.provider) != configured.end())
            usable.push_back(m);
    const auto real = [](const priced_model& m) { return m.provider != "simulated"; };
    if (std::any_of(usable.begin(), usable.end(), real))
        std::erase_if(usable, [&](const auto& m) { return !real(m) && m.model != requested; });
    std::vector<priced_model> out;
    for (const bool first : {true, false})
        for (const auto& m : usable)
            if ((m.model == requested) == first) out.push_back(m);
    return out;
}

std::vector<priced_model> cheapest_first(std::vector<priced_model> models) {
    std::multimap<std::int64_t, priced_model> by_price;  // equals stay in their order
    for (auto& m : models) by_price.emplace(m.input_nanousd + m.output_nanousd, std::move(m));
    models.clear();
    for (auto& [price, m] : by_price) models.push_back(std::move(m));
    return models;
}

}  // namespace airi::workers::providers
