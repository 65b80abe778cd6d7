#include "gateway/services/catalogue.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

product_answers read_answers(const postgres::rows& rows) {
    product_answers out;
    if (rows.empty()) return out;
    const auto [hsts, subdomains, content_policy, origins, service] = rows.read<std::optional<std::int64_t>,
        std::optional<bool>, std::string, std::optional<std::string>, std::string>(0);
    header_policy policy;
    policy.hsts_seconds = hsts.value_or(policy.hsts_seconds);
    policy.hsts_subdomains = subdomains.value_or(policy.hsts_subdomains);
    policy.content_policy = content_policy;
    out.headers = std::make_shared<const security_headers>(policy);
    out.has_content_policy = !content_policy.empty();
    if (const auto parsed = json::document::parse(origins.value_or("[]")))
        parsed->root().each([&](json::value each) { out.origins.emplace_back(each.string().value_or("")); });
    if (!service.empty()) out.service = service;
    return out;
}

}  // namespace

awaitable<result<>> catalogue::load(postgres::database& database) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.rate_limits", {}));
    ask.statements.push_back(sql::bind("catalogue.models", {}));
    ask.statements.push_back(sql::bind("catalogue.public_settings", {}));
    ask.statements.push_back(sql::bind("catalogue.answers", {}));
    const auto got = co_await database.run(std::move(ask));
    if (!got) co_return got.error();
    const auto &rates = (*got)[0], &models = (*got)[1], &settings = (*got)[2];
    auto fresh = std::make_shared<catalogue_rows>();
    for (std::size_t i = 0; i < rates.size(); ++i) {
        auto [name, max, window, counts] = rates.read<std::string, std::int64_t, std::int64_t, std::string>(i);
        fresh->rates[name] = {name, max, window, strategy_named(counts)};
    }
    for (std::size_t i = 0; i < models.size(); ++i) {
        const auto [provider, name, min_rank] = models.read<std::string, std::string, std::int64_t>(i);
        const auto known = std::any_of(
            fresh->models.begin(), fresh->models.end(), [&](const model_name& model) { return model.name == name; });
        if (!known) fresh->models.push_back({name, provider, min_rank});
    }
    fresh->answers = read_answers((*got)[3]);
    fresh->loaded = true;
    fresh->settings = settings.empty() ? "{}" : std::string(settings.text(0, 0));
    std::atomic_store(&rows_, std::shared_ptr<const catalogue_rows>(std::move(fresh)));
    co_return result<>{};
}

}  // namespace airi::gateway
