// From which scores of a moderation provider a message is warned about, held for people to read, or blocked: the rows
// of moderation_rules, by category, age and plan. Pure. Used by the moderation worker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/safety/blocked_terms.hpp"
#include "workers/moderation/user_keys.hpp"
#include "workers/providers/moderation/openai.hpp"

namespace airi::workers::moderation {

/// Immutable: a change of the rows makes another one.
class thresholds {
public:
    /// JSON: [{category, audience: everyone | minors, plan, warn, review, block}], scores or null for never. Rows that
    /// cannot be read are left out.
    explicit thresholds(std::string_view json = "[]");

    /// Without rules no provider is asked.
    bool empty() const noexcept { return rows_.empty(); }

    /// The most severe action that the scores lead to. `categories` are those with an action, the most severe first,
    /// `confidence` the score and `reason` "moderation:<category>" of the first. Of the rows that fit, one counts: a
    /// row of the category before one of '*', then one of minors, then one of the plan.
    safety::verdict judge(const providers::category_scores&, const user_traits&) const;
    /// The same for the categories of the terms found in a text, named term:<category>; a row of '*' does not count for
    /// them. The verdict of the terms stays where it is as severe.
    safety::verdict judge_terms(safety::verdict found, const user_traits&) const;

private:
    struct row {
        std::string audience, plan;
        std::optional<double> warn, review, block;
    };
    const row* row_of(std::string_view category, const user_traits&) const;

    std::map<std::string, std::vector<row>, std::less<>> rows_;  ///< by category
};

/// The highest score of each category over several texts.
void add_highest(providers::category_scores& to, const providers::category_scores& scores);

}  // namespace airi::workers::moderation
