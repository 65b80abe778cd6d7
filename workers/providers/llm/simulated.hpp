// A provider without a network, for installations without keys: it streams an honest reply at a realistic pace, and
// faults on order: `[[simulate error]]`, `[[simulate stall]]` or `[[simulate cut]]` in the last user turn.
#pragma once

#include <memory>
#include <string>

#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct simulated_config {
    double tokens_per_second = 40;
    milliseconds first_token{250};
};

std::unique_ptr<chat_provider> simulated_provider(simulated_config, executor);

/// The whole reply to a prompt, always the same for the same prompt.
std::string simulated_reply(const prompt&);
/// Splits a text into pieces of about a token each; no character is cut.
std::vector<std::string> simulated_tokens(std::string_view text);

}  // namespace airi::workers::providers
