// Listens to a provider's reply to its end. Used by the provider tests.
#pragma once

#include <string>

#include "workers/providers/provider.hpp"

namespace airi::tests {

struct said {
    std::string text;
    int pieces = 0;
    std::vector<workers::providers::tool_call> calls;
    std::optional<workers::providers::token_count> tokens;
    std::optional<workers::providers::finish> ended;
    error_code failed;
};

inline awaitable<said> listen(
    workers::providers::chat_provider* from, workers::providers::prompt what, workers::providers::time_limits bound) {
    said out;
    auto stream = co_await from->start(std::move(what), bound);
    if (!stream) {
        out.failed = stream.error();
        co_return out;
    }
    while (!out.ended) {
        auto next = co_await (*stream)->next();
        if (!next) {
            out.failed = next.error();
            co_return out;
        }
        ++out.pieces;
        out.text += next->text;
        for (const auto& part : next->calls) {
            if (out.calls.size() <= part.index) out.calls.resize(part.index + 1);
            auto& call = out.calls[part.index];
            call.id += part.id;
            call.name += part.name;
            call.arguments += part.arguments;
        }
        if (next->tokens) out.tokens = next->tokens;
        out.ended = next->ended;
    }
    co_return out;
}

}  // namespace airi::tests
