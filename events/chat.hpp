// The events of a chat message: requested (a user sent it) → screened (moderation allowed it) → finished.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// A user sent a message. The gateway publishes it, the moderation worker consumes it.
struct chat_requested {
    conversation_id conversation;
    user_id user;
    message_id message;        ///< the user's message
    generation_id generation;  ///< of its reply, derived from the message
    message_id reply;          ///< the assistant's message, derived from the generation
    std::string client_message_id;
    std::string content;  ///< 32,000 bytes at most, before sealing
    std::string content_type = "text";
    std::string model;     ///< requested by name; empty: the plan's chain
    json_text parameters;  ///< turns, max_tokens, temperature, what goes to the provider as OpenAI's API has it (top_p,
                           ///< stop, tools, …) and anew (another reply): only what the caller gave; 512 KB at most,
                           ///< before sealing
    bool listed = true;    ///< false: an API call with its own history, shown in no list of conversations
    instant created_at;
    std::string replaces;  ///< id of the message that it replaces together with all later ones; empty: none
    bool sealed = false;   ///< `content` and `parameters` ({"sealed": …}) are encrypted with the user's key

    /// The context that the sealed text of a field is bound to.
    std::string place(std::string_view field) const {
        return std::string(topic) + '/' + message.text() + '/' + std::string(field);
    }

    static constexpr std::string_view topic = "chat.requested.v1";
    static constexpr auto key = &chat_requested::conversation;
    static constexpr auto fields = std::tuple{
        field("conversation_id", &chat_requested::conversation),
        field("user_id", &chat_requested::user),
        field("message_id", &chat_requested::message),
        field("generation_id", &chat_requested::generation),
        field("reply_id", &chat_requested::reply),
        field("client_message_id", &chat_requested::client_message_id, {.max_length = 100}),
        field("content", &chat_requested::content, {.max_length = 180'000}),
        field("content_type", &chat_requested::content_type, {.max_length = 20}),
        field("model", &chat_requested::model, {.max_length = 100}),
        field("parameters", &chat_requested::parameters, {.max_length = 700 * 1024}),
        field("listed", &chat_requested::listed),
        field("created_at", &chat_requested::created_at),
        field("replaces", &chat_requested::replaces, {.max_length = 36, .required = false}),
        field("sealed", &chat_requested::sealed, {.required = false}),
    };
};

/// Moderation stored the message in Postgres and allowed it. The chat worker generates the reply.
struct chat_screened {
    conversation_id conversation;
    user_id user;
    message_id message;
    generation_id generation;
    message_id reply;
    instant created_at;  ///< of the message
    bool listed = true;  ///< as in chat_requested

    static constexpr std::string_view topic = "chat.screened.v1";
    static constexpr auto key = &chat_screened::conversation;
    static constexpr auto fields = std::tuple{
        field("conversation_id", &chat_screened::conversation),
        field("user_id", &chat_screened::user),
        field("message_id", &chat_screened::message),
        field("generation_id", &chat_screened::generation),
        field("reply_id", &chat_screened::reply),
        field("created_at", &chat_screened::created_at),
        field("listed", &chat_screened::listed, {.required = false}),
    };
};

/// The one end of a message: completed, rejected, cancelled or failed.
struct chat_finished {
    conversation_id conversation;
    user_id user;
    message_id message;
    generation_id generation;
    message_id reply;
    std::string state;
    std::string error_code;  ///< empty unless failed or rejected
    std::string provider;
    std::string model;
    std::int64_t epoch = 0;
    std::int64_t tokens_in = 0;
    std::int64_t tokens_out = 0;
    std::int64_t cost_nanousd = 0;
    std::int64_t latency_ms = 0;

    static constexpr std::string_view topic = "chat.finished.v1";
    static constexpr bool batchable = true;
    static constexpr auto key = &chat_finished::conversation;
    static constexpr auto fields = std::tuple{
        field("conversation_id", &chat_finished::conversation),
        field("user_id", &chat_finished::user),
        field("message_id", &chat_finished::message),
        field("generation_id", &chat_finished::generation),
        field("reply_id", &chat_finished::reply),
        field("state", &chat_finished::state, {.max_length = 20}),
        field("error_code", &chat_finished::error_code, {.max_length = 100}),
        field("provider", &chat_finished::provider, {.max_length = 100}),
        field("model", &chat_finished::model, {.max_length = 100}),
        field("epoch", &chat_finished::epoch, {.min = 0}),
        field("tokens_in", &chat_finished::tokens_in, {.min = 0}),
        field("tokens_out", &chat_finished::tokens_out, {.min = 0}),
        field("cost_nanousd", &chat_finished::cost_nanousd, {.min = 0}),
        field("latency_ms", &chat_finished::latency_ms, {.min = 0}),
    };
};

}  // namespace airi::events
