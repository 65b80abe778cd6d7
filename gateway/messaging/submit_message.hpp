// Sending a message, whichever surface it comes by: rates and quota, the conversation's owner, then the event. A
// repeated client_message_id names the same message and leads to the same generation. Used by the WebSocket handler,
// the message routes and the OpenAI-compatible one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "events/frames/frame.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct message_order {
    std::optional<conversation_id> conversation;  ///< none: a new one, derived from the client_message_id
    std::optional<companion_id> companion;        ///< of a new conversation
    std::optional<std::string> avatar;            ///< of a new conversation's companion, instead of its id
    std::string content;
    std::string client_message_id;  ///< empty: generated
    std::string model;
    std::string parameters;            ///< JSON object or empty
    bool listed = true;                ///< false: an API call outside every conversation
    std::string replaces;              ///< id of the question that this one replaces; empty: none
    std::string_view rate_group = {};  ///< counted beside `api` and `chat`
};

struct submission {
    std::shared_ptr<const account> sender;
    message_order order;
    request_trace trace;
    instant arrived;
};

struct accepted_message {
    events::generation_ids ids;
    std::string client_message_id;
    bool repeated = false;  ///< sent before: its generation may be under way or have ended
    decision limits;        ///< for the headers of the answer
};

/// The surface that is to receive the frames of the reply.
class reply_receiver {
public:
    virtual ~reply_receiver() = default;
    /// Before the message is published: subscribes to the conversation's channel and holds frames back, so that none is
    /// missed.
    virtual awaitable<> subscribe(const events::generation_ids&) = 0;
    /// The broker has the message, it is accepted for good: releases the frames.
    virtual awaitable<> accepted(const accepted_message&) = 0;
    /// The message was not published: no frame will come.
    virtual void rejected() {}
};

/// The id of the message that a user sends with this client_message_id.
message_id message_id_of(user_id sender, std::string_view client_message_id);
/// The generation of the reply to a message.
generation_id generation_id_of(const message_id&);

/// Checks the message, counts it and subscribes the receiver, publishes the event, then releases the receiver. A
/// problem means that nothing was published.
awaitable<std::variant<accepted_message, problem>> submit_message(services&, submission, reply_receiver&);

}  // namespace airi::gateway
