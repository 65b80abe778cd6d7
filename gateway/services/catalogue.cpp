#include "gateway/services/catalogue.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

product_answers answers_of(const catalogue_rows& rows) {
    product_answers out;
    out.content_policy = rows.text("content_security_policy");
    out.headers = std::make_shared<const security_headers>(
        header_policy{rows.number("hsts_seconds"), rows.boolean("hsts_subdomains"), out.content_policy});
    rows.settings->root()["cors_origins"].each(
        [&](json::value each) { out.origins.emplace_back(each.string().value_or("")); });
    out.service = rows.text("service_name");
    return out;
}

constexpr std::size_t tier_column = 11, connected_column = 13;  // of catalogue.models

// Of a plan's features {"providers": […]}; all when it names none.
bool allows(const json::document& features, std::string_view provider) {
    bool named = false, allowed = false;
    features.root()["providers"].each([&](json::value name) {
        named = true;
        allowed |= name.string() == provider;
    });
    return allowed || !named;
}

bool is_open(const model_name& model, const account& account, const result<json::document>& features) {
    return model.min_rank <= account.rank && (!features || allows(*features, model.provider));
}

}  // namespace

std::vector<model_name> catalogue_rows::offered_to(const account& account) const {
    std::vector<model_name> out;
    const auto features = json::document::parse(account.features);
    for (const auto& model : models)
        if (model.connected && is_open(model, account, features) &&
            std::ranges::find(out, model.name, &model_name::name) == out.end())
            out.push_back(model);
    return out;
}

bool catalogue_rows::offers(std::string_view name, const account& account) const {
    const auto features = json::document::parse(account.features);
    return std::ranges::any_of(
        models, [&](const auto& model) { return model.name == name && is_open(model, account, features); });
}

problem model_not_offered() { return invalid("/model", "model must be the name of a model of your plan"); }

bool catalogue_rows::lists(std::string_view setting, std::string_view text) const {
    bool found = false;
    value(setting).each([&](json::value one) { found = found || one.string() == text; });
    return found;
}

awaitable<result<>> catalogue::load(postgres::database& database) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.rate_limits", {}));
    ask.statements.push_back(sql::bind("catalogue.models", {}));
    ask.statements.push_back(sql::bind("catalogue.settings", {}));
    ask.statements.push_back(sql::bind("catalogue.flags", {}));
    ask.statements.push_back(sql::bind("catalogue.blocked_terms", {}));
    ask.statements.push_back(sql::bind("crisis.resources", {}));
    const auto got = co_await database.run(std::move(ask));
    if (!got) co_return got.error();
    const auto &rates = (*got)[0], &models = (*got)[1], &settings = (*got)[2], &flags = (*got)[3], &terms = (*got)[4];
    auto fresh = std::make_shared<catalogue_rows>();
    for (std::size_t i = 0; i < rates.size(); ++i) {
        auto [name, max, window, counts] = rates.read<std::string, std::int64_t, std::int64_t, std::string>(i);
        fresh->rates[name] = {name, max, window, strategy_named(counts), name == "anonymous"};
    }
    std::vector<model_name> tiers;
    for (std::size_t i = 0; i < models.size(); ++i) {
        auto [provider, name, min_rank] = models.read<std::string, std::string, std::int64_t>(i);
        const bool connected = models.boolean(i, connected_column);
        if (auto tier = models.text(i, tier_column); !tier.empty())
            tiers.push_back({std::string(tier), provider, min_rank, connected});
        fresh->models.push_back({std::move(name), std::move(provider), min_rank, connected});
    }
    fresh->models.insert(fresh->models.end(), tiers.begin(), tiers.end());
    for (std::size_t i = 0; i < flags.size(); ++i) {
        auto [name, enabled, percentage, rule] = flags.read<std::string, bool, std::int64_t, std::string_view>(i);
        fresh->flags.push_back(read_flag(std::move(name), enabled, percentage, rule));
    }
    if (!settings.empty()) {
        auto values = json::document::parse(settings.text(0, 0));
        if (!values) co_return values.error();
        fresh->settings = std::move(*values);
        fresh->public_settings = settings.text(0, 1);
        fresh->answers = answers_of(*fresh);
    }
    fresh->blocked = rows()->blocked;
    if (!terms.empty() && terms.text(0, 0) != fresh->blocked->json()) {
        fresh->blocked = std::make_shared<const safety::blocked_terms>(terms.text(0, 0));
        if (const auto& fault = fresh->blocked->pattern_fault(); !fault.empty())
            log::error("blocked_patterns.invalid", {{"what", fault}});
    }
    fresh->loaded = true;
    fresh->crisis = sql::crisis::read(got->back());
    std::atomic_store(&rows_, std::shared_ptr<const catalogue_rows>(std::move(fresh)));
    co_return result<>{};
}

}  // namespace airi::gateway
