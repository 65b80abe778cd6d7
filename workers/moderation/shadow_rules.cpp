#include "workers/moderation/shadow_rules.hpp"

#include <utility>

#include "platform/base/json.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"

namespace airi::workers::moderation {
namespace {

std::string category_of(const judgement& judged) {
    return judged.found.categories.empty() ? judged.found.reason : judged.found.categories.front();
}

}  // namespace

std::optional<shadow_difference> difference_between(
    const std::string& action, const std::string& category, const judgement& present) {
    safety::verdict was;
    was.action = action;
    const bool stricter = present.found.outweighs(was);
    if (!stricter && !was.outweighs(present.found)) return std::nullopt;
    return shadow_difference{
        stricter ? "stricter" : "milder", stricter ? category_of(present) : category, action, present.found.action};
}

awaitable<result<>> shadow_rules::load(postgres::database& database) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.shadow_rules", {}));
    if (!rows) co_return rows.error();
    present_ = !rows->empty();
    if (!present_) co_return result<>{};
    auto [terms, rules] = rows->read<std::string, std::string>(0);
    terms_.load(terms);
    if (rules != rules_text_) {
        rules_ = std::make_shared<const thresholds>(rules);
        rules_text_ = std::move(rules);
    }
    co_return result<>{};
}

void shadow_rules::compare(
    const events::chat_requested& event, const judgement& judged, const safety::gate& gate, const assessment& known) {
    if (!present_) return;
    auto present = known;
    present.rules = rules_;
    const auto other = judge_by(judged, event, terms_, gate, present);
    auto found = difference_between(judged.found.action, category_of(judged), other);
    if (!found) found = shadow_difference{"same", "", judged.found.action, judged.found.action};
    ++counts_[*found];
    metrics::counter_of("airi_moderation_shadow_total", "Messages that the rules of the shadow judged too.",
        {{"way", found->way}, {"category", found->category}, {"live", found->stored}, {"shadow", found->present}})
        .add();
}

awaitable<result<>> shadow_rules::store(postgres::database& database) {
    if (counts_.empty()) co_return result<>{};
    auto counted = std::exchange(counts_, {});
    json::array rows;
    for (const auto& [found, messages] : counted)
        rows.add(json::object()
                .add("way", found.way)
                .add("category", found.category)
                .add("live", found.stored)
                .add("shadow", found.present)
                .add("messages", messages));
    const auto done = co_await postgres::run_one(
        database, std::nullopt, sql::bind("moderation.count_shadow", {{"rows", rows.text()}}));
    if (done) co_return result<>{};
    for (const auto& [found, messages] : counted) counts_[found] += messages;
    co_return done.error();
}

}  // namespace airi::workers::moderation
