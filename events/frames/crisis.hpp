// The frames of crisis safety: help lines for a person at risk, the change of a conversation's safety state, and alerts
// for the people who work on them.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct crisis_resources {
    conversation_id conversation;
    std::string country;  ///< "*": unknown
    json_text resources;

    static constexpr std::string_view type = "crisis_resources";
    static constexpr std::string_view summary = "Help lines for the user, because a message of theirs needs them.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &crisis_resources::conversation),
        field("country", &crisis_resources::country,
            {.schema = R"({"type": "string", "description": "ISO 3166-1 alpha-2; *: unknown"})"}),
        field("resources", &crisis_resources::resources,
            {.schema = R"({"type": "array", "items": {"$ref": "#/$defs/CrisisResource"}})"}),
    };
};

struct safety_state_change {
    conversation_id conversation;
    std::string old_state, new_state;

    static constexpr std::string_view states =
        R"({"enum": ["NORMAL", "ELEVATED_CONCERN", "HIGH_RISK", "SAFETY_MODE"]})";
    static constexpr std::string_view type = "safety_state_change";
    static constexpr std::string_view summary = "The safety state of a conversation has changed.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &safety_state_change::conversation),
        field("old_state", &safety_state_change::old_state, {.schema = states}),
        field("new_state", &safety_state_change::new_state, {.schema = states}),
    };
};

struct crisis_alert {
    alert_id alert;
    user_id user;
    std::optional<conversation_id> conversation;
    std::string severity, trigger_type, status;
    instant created_at;

    static constexpr std::string_view type = "crisis_alert";
    static constexpr std::string_view summary =
        "An alert is new, or its status has changed; on the channels crisis and admin. It may come twice.";
    static constexpr auto fields = std::tuple{
        field("alert_id", &crisis_alert::alert),
        field("user_id", &crisis_alert::user),
        field("conversation_id", &crisis_alert::conversation,
            {.nullable = true, .schema = R"({"$ref": "#/$defs/NullableUuid"})"}),
        field("severity", &crisis_alert::severity, {.schema = R"({"enum": ["low", "medium", "high", "critical"]})"}),
        field("trigger_type", &crisis_alert::trigger_type,
            {.schema = R"({"enum": ["suicide", "self_harm", "violence", "eating_disorder", "other"]})"}),
        field("status", &crisis_alert::status,
            {.schema = R"({"enum": ["pending", "reviewed", "resolved", "escalated"]})"}),
        field("created_at", &crisis_alert::created_at),
    };
};

/// Channels with the alerts of everybody; see gateway/messaging/channel_access.hpp for who may listen.
inline constexpr std::string_view alert_channels[] = {"crisis", "admin"};

}  // namespace airi::events::frames
