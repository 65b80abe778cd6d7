// The frames of conversations.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct conversation_updated {
    json_text conversation;

    static constexpr std::string_view type = "conversation_updated";
    static constexpr std::string_view summary =
        "A conversation of the user was created, changed, read or deleted; as it is now.";
    static constexpr auto fields = std::tuple{
        field("conversation", &conversation_updated::conversation, {.schema = R"({"$ref": "#/$defs/Conversation"})"})};
};

struct typing_start {
    conversation_id conversation;

    static constexpr std::string_view type = "typing_start";
    static constexpr std::string_view summary = "The user begins to type.";
    static constexpr auto fields = std::tuple{field("conversation_id", &typing_start::conversation)};
};

struct typing_stop {
    conversation_id conversation;

    static constexpr std::string_view type = "typing_stop";
    static constexpr std::string_view summary = "The user stops typing.";
    static constexpr auto fields = std::tuple{field("conversation_id", &typing_stop::conversation)};
};

/// `typing_start`, as the conversation's subscribers get it.
struct typing_started {
    conversation_id conversation;
    user_id user;

    static constexpr std::string_view type = typing_start::type;
    static constexpr std::string_view schema_name = "TypingStartedFrame";
    static constexpr std::string_view summary = "A user begins to type in the conversation.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &typing_started::conversation),
        field("user_id", &typing_started::user),
    };
};

/// `typing_stop`, as the conversation's subscribers get it.
struct typing_stopped {
    conversation_id conversation;
    user_id user;

    static constexpr std::string_view type = typing_stop::type;
    static constexpr std::string_view schema_name = "TypingStoppedFrame";
    static constexpr std::string_view summary = "A user stops typing in the conversation.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &typing_stopped::conversation),
        field("user_id", &typing_stopped::user),
    };
};

}  // namespace airi::events::frames
