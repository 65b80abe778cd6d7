#include "workers/moderation/thresholds.hpp"

#include <algorithm>

#include "platform/base/json.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view any = "*";

std::string text_of(json::value v, std::string_view standard) { return std::string(v.string().value_or(standard)); }

// Rows of self-harm without `review` and `block` are the table's rule; this one holds whatever the table says.
bool only_warns(std::string_view category) { return category.starts_with("self-harm") || category == "term:self_harm"; }

}  // namespace

thresholds::thresholds(std::string_view json) {
    const auto parsed = json::document::parse(json);
    if (!parsed) return;
    parsed->root().each([&](json::value one) {
        const auto category = one["category"].string();
        if (!category || category->empty()) return;
        rows_[std::string(*category)].push_back({text_of(one["audience"], "everyone"), text_of(one["plan"], any),
            one["warn"].number(), one["review"].number(), one["block"].number()});
    });
}

const thresholds::row* thresholds::row_of(std::string_view category, const user_traits& user) const {
    const auto rows = rows_.find(category);
    if (rows == rows_.end()) return nullptr;
    const row* best = nullptr;
    int rank = -1;
    for (const auto& row : rows->second) {
        const bool of_minors = row.audience == "minors", of_plan = row.plan != any;
        if ((of_minors && !user.minor) || (of_plan && row.plan != user.plan)) continue;
        const int own = 2 * static_cast<int>(of_minors) + static_cast<int>(of_plan);
        if (own > rank) rank = own, best = &row;
    }
    return best;
}

safety::verdict thresholds::judge(const providers::category_scores& scores, const user_traits& user) const {
    safety::verdict out;
    for (const auto& [category, score] : scores) {
        const auto* row = row_of(category, user);
        if (row == nullptr && !category.starts_with("term:")) row = row_of(any, user);
        if (row == nullptr) continue;
        const auto reaches = [&](const std::optional<double>& from) { return from && score >= *from; };
        safety::verdict one;
        if (reaches(row->warn)) one.action = "warn";
        if (reaches(row->review)) one.action = "review";
        if (reaches(row->block)) one.action = "block";
        if (one.action == "allow") continue;
        if (only_warns(category)) one.action = "warn";
        const bool first = one.outweighs(out) || (!out.outweighs(one) && score > out.confidence);
        out.categories.insert(first ? out.categories.begin() : out.categories.end(), category);
        if (!first) continue;
        out.action = one.action;
        out.confidence = score;
        out.reason = "moderation:" + category;
    }
    return out;
}

safety::verdict thresholds::judge_terms(safety::verdict found, const user_traits& user) const {
    providers::category_scores scores;
    for (const auto& category : found.categories) scores.emplace("term:" + category, found.confidence);
    const auto by_rules = judge(scores, user);
    if (!by_rules.outweighs(found)) return found;
    found.action = by_rules.action;
    found.reason = by_rules.reason;
    return found;
}

void add_highest(providers::category_scores& to, const providers::category_scores& scores) {
    for (const auto& [category, score] : scores) {
        auto& highest = to[category];
        highest = std::max(highest, score);
    }
}

}  // namespace airi::workers::moderation
