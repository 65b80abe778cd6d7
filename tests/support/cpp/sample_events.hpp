// The events of one chat message, with values as a user would make them, for the tests of events and workers. An event
// whose values do not matter is events::sample.
#pragma once

#include "events/chat.hpp"

namespace airi::test {

inline const instant some_time{std::chrono::microseconds{1'790'000'000'123'456}};

inline events::chat_requested requested(std::string_view client_message_id = "m-1", std::string content = "hello") {
    static const uuid user = uuid::parse("019a9f3d-88f2-7b04-8c3e-2a9d5b7e4f01").value();
    events::chat_requested out;
    out.conversation = conversation_id::of(user, "conversation");
    out.user = user_id{user};
    out.message = message_id::of(user, client_message_id);
    out.generation = generation_id::of(out.message.value, "generation");
    out.reply = message_id::of(out.generation.value, "reply");
    out.client_message_id = client_message_id;
    out.content = std::move(content);
    out.model = "gpt-4o-mini";
    out.parameters = {R"({"max_tokens":256})"};
    out.created_at = some_time;
    return out;
}

inline events::chat_screened screened(std::string_view client_message_id = "m-1") {
    const auto request = requested(client_message_id);
    return {request.conversation, request.user, request.message, request.generation, request.reply, request.created_at};
}

inline events::chat_finished finished_chat() {
    const auto request = requested();
    return {request.conversation, request.user, request.message, request.generation, request.reply, "completed", "",
        "openai", "gpt-4o-mini", 2, 12, 34, 5600, 789};
}

}  // namespace airi::test
