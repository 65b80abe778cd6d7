#include "workers/providers/models.hpp"

#include <algorithm>
#include <map>

#include "platform/base/number.hpp"
#include "sql/statements.hpp"

namespace airi::workers::providers {

std::vector<priced_model> read_models(const postgres::rows& rows) {
    std::vector<priced_model> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), number_of(rows.text(i, 2)),
            number_of(rows.text(i, 4)), number_of(rows.text(i, 5)), number_of(rows.text(i, 6)),
            number_of(rows.text(i, 7))});
    return out;
}

awaitable<result<>> load_models(postgres::database& from, model_list& into) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.models", {}));
    const auto rows = co_await from.run(std::move(ask));
    if (!rows) co_return rows.error();
    into = std::make_shared<const std::vector<priced_model>>(read_models(rows->front()));
    co_return result<>{};
}

std::vector<std::string_view> allowed(
    const std::vector<std::unique_ptr<chat_provider>>& all, const std::vector<std::string>& by_plan) {
    std::vector<std::string_view> out;
    for (const auto& p : all)
        if (by_plan.empty() || std::count(by_plan.begin(), by_plan.end(), p->name()) > 0) out.push_back(p->name());
    return out;
}

std::vector<priced_model> chain(const std::vector<priced_model>& all, const std::vector<std::string_view>& configured,
    std::int64_t rank, std::string_view wanted) {
    std::vector<priced_model> usable;
    for (const auto& m : all)
        if (m.min_rank <= rank && std::find(configured.begin(), configured.end(), m.provider) != configured.end())
            usable.push_back(m);
    const auto real = [](const priced_model& m) { return m.provider != "simulated"; };
    if (std::any_of(usable.begin(), usable.end(), real))
        std::erase_if(usable, [&](const auto& m) { return !real(m) && m.model != wanted; });
    std::vector<priced_model> out;
    for (const bool asked_for : {true, false})
        for (const auto& m : usable)
            if ((m.model == wanted) == asked_for) out.push_back(m);
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
