// Replies kept for a moment: a user who asks a model for the same thing again, where chance has no part in it, gets the
// same words without another call. Best effort: while Redis is away nothing is kept. Used by the chat worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "workers/providers/provider.hpp"

namespace airi::redis {
class client;
}

namespace airi::workers::chat {

struct kept_reply {
    std::string text;
    providers::token_count tokens;
};

class reply_cache {
public:
    virtual ~reply_cache() = default;
    virtual awaitable<std::optional<kept_reply>> find(std::string key) = 0;
    virtual awaitable<> keep(std::string key, kept_reply) = 0;
};

/// Whether these parameters of a generation leave nothing to chance: temperature 0 by the caller's own wish, top_p 1 or
/// none, no tools, and no wish for another reply.
bool repeatable(std::string_view parameters);

/// The name under which a reply is kept: of the user, the provider and all that it is asked.
std::string reply_key(const user_id&, std::string_view provider, const providers::prompt&);

/// Keeps for `life` as it is at that time; 0: nothing is kept and nothing found. Both must outlive the cache.
std::unique_ptr<reply_cache> open_reply_cache(redis::client&, const seconds& life);

}  // namespace airi::workers::chat
