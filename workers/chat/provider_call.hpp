// One streamed call of a provider, which a stop of the generation ends at once. Used by generation_run.
#pragma once

#include <memory>
#include <optional>

#include "workers/chat/deltas.hpp"
#include "workers/chat/lease.hpp"
#include "workers/providers/models.hpp"

namespace airi::workers::chat {

struct call_end {
    error_code error;       ///< none: the reply is whole
    bool accepted = false;  ///< the provider has taken the prompt, and will count it
    providers::call_usage usage;
    std::optional<providers::finish> finish;
    std::optional<milliseconds> first_token;  ///< from the start of the call
};

/// The text goes to `out` as it comes. The provider must outlive the coroutine.
awaitable<call_end> call_provider(std::shared_ptr<live_generation>, providers::chat_provider&, providers::prompt,
    providers::time_limits, std::shared_ptr<deltas> out);

}  // namespace airi::workers::chat
