// The safety state of a conversation: a pure function of its state, the signs in the next message, moderation's scores
// and the time. The rules in words: docs/safety.md. For gates of texts; the state is stored with the conversation.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/safety/detect.hpp"

namespace airi::safety {

enum class state : std::uint8_t { normal, elevated_concern, high_risk, safety_mode };

/// "NORMAL", "ELEVATED_CONCERN", "HIGH_RISK", "SAFETY_MODE".
std::string_view name_of(state) noexcept;
std::optional<state> state_of(std::string_view name) noexcept;

using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// Moderation's scores of the message, 0…1; 0 where none was asked.
struct moderation_scores {
    double self_harm = 0;
    double self_harm_intent = 0;
};

/// The part that is stored between two messages of a conversation. A new conversation's is conversation{}.
struct conversation {
    state now = state::normal;
    double score = 0;        ///< of the last messages, decayed
    bool asked = false;      ///< the last reply was the kind question
    int calm = 0;            ///< messages without a sign since the last sign
    time_point last{};       ///< the last message
    time_point concerned{};  ///< the last sign

    bool operator==(const conversation&) const = default;
    std::string text() const;  ///< JSON
    static result<conversation> parse(std::string_view json);
};

/// The numbers, of a profile; those that it does not name stay as here.
struct policy {
    double negative_elevated = 0.7, negative_high = 0.9;
    double medium = 0.5, more = 0.25, low = 0.1, imminent = 0.25, negative = 0.25;
    double elevated_score = 0.4, high_score = 0.9;
    double carried = 0.9;  ///< share of the score that a message passes on to the next
    std::chrono::minutes half_life{360};
    double moderation_elevated = 0.5, moderation_high = 0.9;
    int calm_messages = 5;
    std::chrono::hours safety_mode{24};
    std::string rules;  ///< lines in the format of the rules, one a line, that the profile adds

    /// Members that are unknown, or no numbers above 0, are an error: refused.
    static result<policy> parse(std::string_view json);
};

/// The handling of the message.
enum class path : std::uint8_t {
    model,    ///< as any other
    careful,  ///< the model, with the product's instructions for people in distress; resources stay in view
    ask,      ///< no model: the kind question, whether the person thinks of harming themselves
    help,     ///< no model: the fixed reply with resources; an alert when `alert`
};
std::string_view name_of(path) noexcept;

struct step {
    conversation after;
    path way = path::model;
    bool changed = false;  ///< the state is another than before: safety_state_change
    bool alert = false;    ///< HIGH_RISK was entered or met again: a crisis alert
    category about = category::suicide;
    double score = 0;  ///< by which it was decided
};

step next(
    const conversation& before, const observation& message, const moderation_scores&, time_point now, const policy&);

/// A person has ended it: an admin has resolved the alert, or the user or an admin has marked a false alarm.
conversation ended(const conversation& before, time_point now);

}  // namespace airi::safety
