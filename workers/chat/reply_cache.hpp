// Replies cached for a short time: a user who repeats a request whose reply leaves nothing to chance gets the same text
// without another call. Best effort: without Redis nothing is cached. Used by the chat worker.
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

struct cached_reply {
    std::string text;
    providers::token_count tokens;
};

class reply_cache {
public:
    virtual ~reply_cache() = default;
    virtual awaitable<std::optional<cached_reply>> find(std::string key) = 0;
    virtual awaitable<> store(std::string key, cached_reply) = 0;
};

/// True: these parameters of a generation leave nothing to chance: an explicit temperature of 0, top_p 1 or absent,
/// no tools, and no request for another reply ("anew").
bool repeatable(std::string_view parameters);

/// The cache key of a reply: made of the user, the provider and the whole prompt.
std::string reply_key(const user_id&, std::string_view provider, const providers::prompt&);

/// A reply expires after `lifetime` as it is when the reply is stored; 0: nothing is stored and nothing found. Both
/// must outlive the cache.
std::unique_ptr<reply_cache> open_reply_cache(redis::client&, const seconds& lifetime);

}  // namespace airi::workers::chat
