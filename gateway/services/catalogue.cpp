#include "gateway/services/catalogue.hpp"

#include <algorithm>

#include "platform/base/number.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

awaitable<result<>> catalogue::load(postgres::database& db) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.rate_limits", {}));
    ask.statements.push_back(sql::bind("catalogue.models", {}));
    ask.statements.push_back(sql::bind("catalogue.public_settings", {}));
    const auto rows = co_await db.run(std::move(ask));
    if (!rows) co_return rows.error();
    auto fresh = std::make_shared<catalogue_rows>();
    const auto& rates = (*rows)[0];
    for (std::size_t i = 0; i < rates.size(); ++i)
        fresh->rates[std::string(rates.text(i, 0))] = {
            std::string(rates.text(i, 0)), number_of(rates.text(i, 1)), number_of(rates.text(i, 2))};
    const auto& models = (*rows)[1];
    for (std::size_t i = 0; i < models.size(); ++i) {
        const auto name = models.text(i, 1);
        const auto same = [&](const model_name& m) { return m.name == name; };
        if (std::none_of(fresh->models.begin(), fresh->models.end(), same))
            fresh->models.push_back({std::string(name), std::string(models.text(i, 0)), number_of(models.text(i, 2))});
    }
    fresh->settings = (*rows)[2].empty() ? "{}" : std::string((*rows)[2].text(0, 0));
    std::atomic_store(&rows_, std::shared_ptr<const catalogue_rows>(std::move(fresh)));
    co_return result<>{};
}

}  // namespace airi::gateway
