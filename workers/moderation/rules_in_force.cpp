#include "workers/moderation/rules_in_force.hpp"

#include <stdexcept>

#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::moderation {

awaitable<result<>> load_safety(postgres::database& database, safety_data& data) {
    const auto lines = co_await postgres::run_one(database, std::nullopt, sql::bind("crisis.resources", {}));
    if (!lines) co_return lines.error();
    data.resources = std::make_shared<const std::vector<sql::crisis::resource>>(sql::crisis::read(*lines));
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("crisis.settings", {}));
    if (!rows) co_return rows.error();
    auto [policy, country, sentiment] = rows->read<std::string, std::string, bool>(0);
    data.default_country = std::move(country);
    data.stores_sentiment = sentiment;
    if (policy == data.policy) co_return result<>{};
    try {
        data.gate = std::make_shared<const safety::gate>(policy);
    } catch (const std::invalid_argument& e) {
        // The rules in force stay: a conversation without any would be the worse mistake.
        log::error("crisis_policy.invalid", {{"what", e.what()}});
    }
    data.policy = std::move(policy);
    co_return result<>{};
}

awaitable<result<>> load_rules(
    postgres::database& database, std::string& text, std::shared_ptr<const thresholds>& rules) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.moderation_rules", {}));
    if (!rows) co_return rows.error();
    if (auto now = std::string(rows->text(0, 0)); now != text) {
        rules = std::make_shared<const thresholds>(now);
        text = std::move(now);
    }
    co_return result<>{};
}

}  // namespace airi::workers::moderation
