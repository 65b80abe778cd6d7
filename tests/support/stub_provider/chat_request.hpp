// The body of a chat request for any provider, reduced to the fields the stub provider needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/stub_provider/provider.hpp"

namespace airi::stub_provider {

struct chat_request {
    std::string model;
    std::string last_user;  // text of the last message with role "user", markers included
    std::string system;     // text of the first system prompt
    bool stream = false;
    bool include_usage = false;
    std::size_t messages = 0;
    std::size_t prompt_words = 0;    // of all messages, and of Anthropic's system prompt
    std::size_t max_tokens = 0;      // 0 = not given
    std::vector<std::string> tools;  // the names of the functions
    bool has_results = false;        // the last message is a tool's result
    std::string results;             // the texts of all results, a line each
    std::string parameters;          // JSON object: all members but messages, system and model
};

enum class body_fault { none, not_json, no_model, no_messages, no_max_tokens };

struct parsed_body {
    chat_request asked;
    body_fault wrong = body_fault::none;
};

// Checks the provider's own requirements: Anthropic needs max_tokens, Azure does not need a model.
parsed_body parse_chat(const std::string& body, const route& to);

}  // namespace airi::stub_provider
