// Rules that are judged beside those in force, and change nothing: what they would do differently is counted. Used by
// the moderation worker on its one thread; its comparison by airi-ctl's shadow too.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "workers/moderation/moderation.hpp"
#include "workers/runtime/shadow.hpp"

namespace airi::workers::moderation {

/// `action` and `category` are those of a decision, `present` is another judgement of the same message. None: the same
/// action. The category is that of the more severe one.
std::optional<shadow_difference> difference_between(
    const std::string& action, const std::string& category, const judgement& present);

class shadow_rules {
public:
    /// The rules in force with the rows of the shadow in their place; none when the shadow has no row.
    awaitable<result<>> load(postgres::database&);

    /// Judges the message by the shadow, with what is known of it: no provider is asked.
    void compare(const events::chat_requested&, const judgement&, const safety::gate&, const assessment&);
    /// Adds what was counted to moderation_shadow_counts.
    awaitable<result<>> store(postgres::database&);

private:
    bool present_ = false;
    safety::term_screen terms_;
    std::string rules_text_ = "[]";
    std::shared_ptr<const thresholds> rules_ = std::make_shared<const thresholds>();
    std::map<shadow_difference, std::int64_t> counts_;
};

}  // namespace airi::workers::moderation
