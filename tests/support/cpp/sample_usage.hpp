// The usage of the chat message of sample_events.hpp.
#pragma once

#include "events/usage.hpp"
#include "tests/support/cpp/sample_events.hpp"

namespace airi::test {

inline events::usage_recorded used(std::string_view client_message_id = "m-1") {
    const auto request = requested(client_message_id);
    return {
        request.user, "messages", 1, "openai", "gpt-4o-mini", 12, 34, 5600, "completed", request.generation, some_time};
}

}  // namespace airi::test
