// The frames of messages: a message is sent and accepted, its generation is followed, resumed and cancelled.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct message_send {
    std::optional<conversation_id> conversation;  ///< none: a new one
    std::string content;
    std::string client_message_id;
    std::string model;
    std::optional<companion_id> companion;
    json_text attachments;  ///< ignored

    static constexpr field_rules optional_id{
        .required = false, .nullable = true, .schema = R"({"type": ["string", "null"]})"};
    static constexpr std::string_view type = "message_send";
    static constexpr std::string_view summary = "Send a message. Without a conversation a new one is created.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &message_send::conversation, optional_id),
        field("content", &message_send::content,
            {.max_length = no_limit,
                .required = false,
                .nullable = true,
                .schema = R"({"type": ["string", "null"], "maxLength": 32000})"}),
        field("client_message_id", &message_send::client_message_id,
            {.min_length = 1,
                .max_length = no_limit,
                .schema = R"({"type": "string", "minLength": 1, "maxLength": 100, "description": )"
                          R"("chosen by the client; a message sent again with it gives the first result"})",
                .expects = "a string of 1 to 100 characters"}),
        field("model", &message_send::model,
            {.max_length = no_limit,
                .required = false,
                .nullable = true,
                .schema = R"({"type": ["string", "null"], "maxLength": 100})"}),
        field("companion_id", &message_send::companion, optional_id),
        field("attachments", &message_send::attachments,
            {.max_length = no_limit, .required = false, .schema = R"({"type": ["array", "null"], "maxItems": 0})"}),
    };
};

struct message_cancel {
    generation_id generation;

    static constexpr std::string_view type = "message_cancel";
    static constexpr std::string_view summary = "Cancel a reply.";
    static constexpr auto fields = std::tuple{field("generation_id", &message_cancel::generation)};
};

struct resume {
    generation_id generation;
    std::int64_t epoch = 0;
    std::int64_t offset = 0;

    static constexpr std::string_view type = "resume";
    static constexpr std::string_view summary =
        "Continue a reply after the last frame received; offset -1: none was received.";
    static constexpr auto fields = std::tuple{
        field("generation_id", &resume::generation),
        field("epoch", &resume::epoch, {.min = 0, .expects = "a whole number of at least 0"}),
        field("offset", &resume::offset, {.min = -1, .expects = "a whole number of at least -1"}),
    };
};

struct resumed {
    generation_id generation;
    bool recovered = false;

    static constexpr std::string_view type = "resumed";
    static constexpr bool answers = true;
    static constexpr std::string_view summary =
        "recovered: the missed frames follow; otherwise the whole text so far, or the end.";
    static constexpr auto fields = std::tuple{
        field("generation_id", &resumed::generation),
        field("recovered", &resumed::recovered),
    };
};

struct message_accepted {
    std::string client_message_id;
    conversation_id conversation;
    message_id message;
    message_id reply;
    generation_id generation;

    static constexpr std::string_view type = "message_accepted";
    static constexpr bool answers = true;
    static constexpr std::string_view summary = "The message is stored durably; its generation will end exactly once.";
    static constexpr auto fields = std::tuple{
        field("client_message_id", &message_accepted::client_message_id),
        field("conversation_id", &message_accepted::conversation),
        field("message_id", &message_accepted::message),
        field("reply_id", &message_accepted::reply),
        field("generation_id", &message_accepted::generation),
    };
};

inline constexpr field_rules message_object{.schema = R"({"$ref": "#/$defs/Message"})"};

struct message_created {
    conversation_id conversation;
    json_text message;

    static constexpr std::string_view type = "message_created";
    static constexpr std::string_view summary =
        "The conversation has a new message, of another device or another member, or a reply to one. Not sent to the "
        "socket that sent the message.";
    static constexpr auto fields = std::tuple{
        field("conversation_id", &message_created::conversation),
        field("message", &message_created::message, message_object),
    };
};

}  // namespace airi::events::frames
