// The notice that a person talks with an AI, when the law of their place or the product wants it.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct ai_disclosure {
    conversation_id conversation;  ///< of the message at which it was due
    std::string kind;              ///< start, reminder
    std::string text;              ///< to be shown, in the user's language
    std::string jurisdiction;      ///< of the rule that applies: ISO 3166, EU or *

    static constexpr std::string_view type = "ai_disclosure";
    static constexpr std::string_view summary =
        "The user is to be told that this is an AI: when use begins, and in continued use. It may come twice.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &ai_disclosure::conversation),
        field("kind", &ai_disclosure::kind, {.schema = R"({"enum": ["start", "reminder"]})"}),
        field("text", &ai_disclosure::text),
        field("jurisdiction", &ai_disclosure::jurisdiction,
            {.schema = R"({"type": "string", "description": "ISO 3166-1 or 3166-2, EU, or *: everywhere"})"}),
    };
};

}  // namespace airi::events::frames
