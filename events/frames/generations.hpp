// The frames of a generation. Each struct is what its type adds to `generation_place`; `events::frame` writes the
// whole.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

/// The first members of each of these frames.
struct generation_place {
    conversation_id conversation;
    message_id reply;
    generation_id generation;
    std::int64_t epoch = 0;   ///< rises with every attempt
    std::int64_t offset = 0;  ///< rises by one with every frame of an epoch; -1: before the first

    static constexpr auto fields = std::tuple{
        field("conversation_id", &generation_place::conversation),
        field("message_id", &generation_place::reply),
        field("generation_id", &generation_place::generation),
        field("epoch", &generation_place::epoch, {.min = 0}),
        field("offset", &generation_place::offset, {.min = -1}),
    };
};

struct message_start {
    using place = generation_place;
    static constexpr std::string_view type = "message_start";
    static constexpr std::string_view summary = "A reply begins.";
    static constexpr auto fields = std::tuple<>{};
};

struct message_delta {
    std::string_view content;
    std::optional<json_text> tool_calls{};    ///< parts of calls, as in OpenAI's chunks
    std::optional<json_text> logprobs{};      ///< of `content`, as in OpenAI's logprobs.content
    std::optional<std::string_view> model{};  ///< in the first delta of an epoch: the model that answers

    static constexpr field_rules objects{
        .required = false, .schema = R"({"type": "array", "items": {"type": "object"}})"};
    using place = generation_place;
    static constexpr std::string_view type = "message_delta";
    static constexpr std::string_view summary = "The next piece of the text.";
    static constexpr auto fields = std::tuple{
        field("content", &message_delta::content),
        field("tool_calls", &message_delta::tool_calls, objects),
        field("logprobs", &message_delta::logprobs, objects),
        field("model", &message_delta::model, {.required = false, .schema = R"({"type": "string"})"}),
    };
};

struct message_snapshot {
    std::string_view content;

    using place = generation_place;
    static constexpr std::string_view type = "message_snapshot";
    static constexpr std::string_view summary = "The whole text of this epoch so far.";
    static constexpr auto fields = std::tuple{field("content", &message_snapshot::content)};
};

struct message_restart {
    using place = generation_place;
    static constexpr std::string_view type = "message_restart";
    static constexpr std::string_view summary = "A new epoch begins: discard the partial text.";
    static constexpr auto fields = std::tuple<>{};
};

struct message_held {
    std::string reason;

    using place = generation_place;
    static constexpr std::string_view type = "message_held";
    static constexpr std::string_view summary =
        "The message waits for a person to review it: the reply begins, or the message is rejected, when that is done.";
    static constexpr auto fields = std::tuple{field("reason", &message_held::reason)};
};

inline constexpr field_rules stored_reply{.schema = R"({"anyOf": [{"$ref": "#/$defs/Message"}, {"type": "null"}]})"};

struct message_complete {
    json_text message;

    using place = generation_place;
    static constexpr std::string_view type = "message_complete";
    static constexpr std::string_view summary = "The end: the stored reply.";
    static constexpr auto fields = std::tuple{field("message", &message_complete::message, stored_reply)};
};

struct message_rejected {
    std::string reason;
    std::string safety_state = "block";
    std::optional<json_text> message{};  ///< the stored reply, when it is the reply that was rejected

    using place = generation_place;
    static constexpr std::string_view type = "message_rejected";
    static constexpr std::string_view summary =
        "The end: moderation rejected the message, or the reply from a place on: its text so far is stored.";
    static constexpr auto fields = std::tuple{
        field("reason", &message_rejected::reason),
        field("safety_state", &message_rejected::safety_state),
        field("message", &message_rejected::message, {.required = false, .schema = R"({"$ref": "#/$defs/Message"})"}),
    };
};

struct message_failed {
    std::string code;

    using place = generation_place;
    static constexpr std::string_view type = "message_failed";
    static constexpr std::string_view summary = "The end: no reply could be generated.";
    static constexpr auto fields = std::tuple{field("code", &message_failed::code)};
};

struct message_cancelled {
    json_text message;

    using place = generation_place;
    static constexpr std::string_view type = "message_cancelled";
    static constexpr std::string_view summary = "The end: cancelled; the text so far is stored.";
    static constexpr auto fields = std::tuple{field("message", &message_cancelled::message, stored_reply)};
};

}  // namespace airi::events::frames
