// The one gate of texts: each text that a person writes is checked here before anything answers it or stores it for
// others. Pure. Used by the moderation worker, and by every later kind of text: journal, posts, voice, games.
#pragma once

#include <memory>

#include "platform/safety/conversation.hpp"

namespace airi::safety {

/// The rules and numbers of a profile. Immutable: a change of the setting makes another one.
class gate {
public:
    /// The built-in rules.
    gate();
    /// `policy_json`: the setting crisis_policy. Throws std::invalid_argument that names the mistake.
    explicit gate(std::string_view policy_json);

    struct checked {
        observation seen;
        step decided;
    };
    /// A text after the conversation's state; conversation{} for one that belongs to none. `utf8` is valid UTF-8. Takes
    /// less than 100 µs for 500 bytes.
    checked check_text(
        std::string_view utf8, const conversation& before, time_point now, const moderation_scores& = {}) const;
    /// The same for the next state of a conversation that turns out to have another one.
    step decide(const observation&, const conversation& before, time_point now, const moderation_scores& = {}) const;

    const std::string& version() const noexcept { return rules_->version(); }

private:
    std::shared_ptr<const rules> own_;  // null: the built-in ones
    const rules* rules_;
    policy policy_;
};

}  // namespace airi::safety
