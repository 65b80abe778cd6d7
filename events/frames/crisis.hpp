// The frames of crisis safety: help lines for a person at risk, and the change of a conversation's safety state.
#pragma once

#include "events/field.hpp"
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

}  // namespace airi::events::frames
