// The moderation worker: a requested message in; stored, and passed on to the chat worker, rejected, or answered with a
// fixed reply and help lines.
#pragma once

#include <memory>

#include "events/chat.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "workers/moderation/crisis.hpp"
#include "workers/moderation/provider_scores.hpp"
#include "workers/moderation/thresholds.hpp"
#include "workers/moderation/user_keys.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::moderation {

/// The rules, the user and the scores by which a message is judged.
struct assessment {
    std::shared_ptr<const thresholds> rules = std::make_shared<const thresholds>();
    user_traits user{};
    std::optional<providers::category_scores> scores{};  ///< of the moderation provider
    bool unanswered = false;                             ///< it was asked, or is left alone since it fails
};

/// A message judged by the terms, the scores of the moderation provider and its safety check.
struct judgement {
    safety::verdict found;
    safety::gate::checked checked;
    stored_state before;
    std::optional<crisis_decision> decision;
    safety::verdict terms;  ///< the verdict of the terms alone

    /// It waits for a person. A fixed reply does not.
    bool held() const { return found.action == "review" && !(decision && decision->answers()); }
};
/// The reason of a rejected message of a minor that the provider could not judge: it may be sent again.
inline constexpr std::string_view moderation_unavailable = "moderation_unavailable";

/// The same event, terms, state and assessment give the same judgement. The terms are looked for in the message and in
/// each turn that the caller sends with it; the most severe verdict counts. A crisis outweighs it: its reply is help.
judgement judge(const events::chat_requested&, safety::term_screen&, const safety::gate&, stored_state = {},
    const assessment& = {});
/// The judgement with another assessment; the text is not looked at again.
judgement judge_again(judgement, const events::chat_requested&, const safety::gate&, const assessment&);
/// The judgement by other terms, rules and scores; the crisis rules do not look at the text again.
judgement judge_by(
    judgement, const events::chat_requested&, safety::term_screen&, const safety::gate&, const assessment&);
/// Whether the provider's scores, which are unknown, could change what happens.
bool needs_scores(const judgement&, const assessment&);
/// The texts that the provider is asked about: the message, then the caller's own turns, the last one first.
std::vector<std::string> texts_to_score(const events::chat_requested&);

/// The effects of a judgement that is stored: `decision` is the stored one, `review` that of the message: `held`,
/// what a person has decided since, or empty when it was never held.
after_commit after_judgement(const events::chat_requested&, const safety::verdict&,
    const std::optional<crisis_decision>&, const std::optional<sql::generations::end>&, const record&,
    std::string_view review = {});

/// Ends a message that cannot be screened: failed, and its client is informed.
effects give_up(const events::chat_requested&, const record&);

/// Ends a message that can never be decrypted, unless it has ended already.
effects unreadable(const events::chat_requested&, const record&);

/// Decrypts the sealed fields in place; false when they were not sealed with this key.
bool open(events::chat_requested&, const seal::key&);

class shadow_rules;

struct ports {
    postgres::database& database;
    user_keys& keys;
    safety::term_screen& terms;
    const safety_data& safety;
    const seal::keyring& evidence;
    const std::shared_ptr<const thresholds>& rules;
    provider_scores* scores = nullptr;  ///< null: no moderation provider is configured
    shadow_rules* shadow = nullptr;     ///< null: nothing is judged by a shadow
};

worker declare(const ports&);

}  // namespace airi::workers::moderation
