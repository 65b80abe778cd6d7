// Sending a message, whichever surface it came by: limits and quota, whose conversation, then the event; done when the
// broker has it. A repeated client_message_id names the same message and leads to the same generation.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "events/frames.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// What a message came with, for logs and headers.
struct request_trace {
    std::string traceparent;  ///< W3C
    std::string request_id;
};

struct message_order {
    std::optional<conversation_id> conversation;  ///< none: a new one, derived from the client_message_id
    std::optional<companion_id> companion;        ///< of a new conversation
    std::string content;
    std::string client_message_id;  ///< empty: made here
    std::string model;
    std::string parameters;  ///< JSON object or empty
    bool listed = true;      ///< false: an API call outside every conversation
    std::string replaces;    ///< id of the question whose place it takes; empty: none
};

struct prepared_message {
    events::generation_ids ids;
    std::string client_message_id;
    std::string content;
    bool repeated = false;  ///< this message was sent before: its generation may have ended
    decision limits;
    events::outgoing event;
    std::string request_id;
    std::optional<quota> counted;  ///< to be given back when the event cannot be published
};

/// Checks everything and counts the message, but publishes nothing yet: the caller first joins the conversation's
/// channel, so that no frame is missed.
awaitable<std::variant<prepared_message, problem>> prepare_message(
    services&, std::shared_ptr<const account>, message_order, request_trace, instant at);
/// Publishes; on success the message is accepted for good. Tells the user's other devices.
awaitable<std::optional<problem>> publish_message(services&, std::shared_ptr<const account>, const prepared_message&);

/// The faults a message's text can have; none when it is fine.
std::optional<problem> check_content(std::string_view content, std::string_view pointer);

/// Takes from the caller's windows `api` and `group`; a problem when one is used up. `used` gets the decision, and what
/// the key `read` holds, if one is named.
awaitable<std::optional<problem>> take_rates(
    services&, const account&, std::string_view group, decision& used, std::string read = {});

}  // namespace airi::gateway
