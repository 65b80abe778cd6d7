// A message led to HIGH_RISK, or a person called for help by hand, and an alert for people was stored.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// The places (platform/crypto/seal.hpp) of what an alert keeps sealed: what the person wrote, and the notes on it.
inline std::string place_of_context(alert_id id) { return "crisis_alerts/" + id.text(); }
inline std::string place_of_notes(alert_id id) { return place_of_context(id) + "/notes"; }

/// For whatever follows from an alert: notices to people, figures. Without a word of the message.
struct crisis_detected {
    alert_id alert;
    user_id user;
    std::optional<conversation_id> conversation;
    std::optional<message_id> message;  ///< none: a call for help by hand
    std::string severity;               ///< low, medium, high, critical
    std::string trigger_type;           ///< suicide, self_harm, violence, eating_disorder, other
    std::string country;                ///< whose help lines were shown: ISO 3166-1 alpha-2, or "*"
    instant detected_at;

    static constexpr std::string_view topic = "crisis.detected.v1";
    static constexpr auto key = &crisis_detected::user;
    static constexpr auto fields = std::tuple{
        field("alert_id", &crisis_detected::alert),
        field("user_id", &crisis_detected::user),
        field("conversation_id", &crisis_detected::conversation, {.nullable = true}),
        field("message_id", &crisis_detected::message, {.nullable = true}),
        field("severity", &crisis_detected::severity, {.max_length = 20}),
        field("trigger_type", &crisis_detected::trigger_type, {.max_length = 40}),
        field("country", &crisis_detected::country, {.max_length = 2}),
        field("detected_at", &crisis_detected::detected_at),
    };
};

}  // namespace airi::events
