// Who a request is from: the account behind a session, looked up in Postgres and kept for a moment. A session that ends
// is forgotten at once (announced over Redis) and in any case after that moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::gateway {

struct rate {
    std::string name;  ///< api, chat, auth, …
    std::int64_t max = 0, window = 0;
};

struct account {
    user_id id;
    session_id session;  ///< or the API key's id
    std::string json;    ///< {id,email,role,display_name,created_at,plan,pending}
    std::string role;
    std::string plan;
    std::string features;  ///< JSON object
    std::int64_t rank = 0;
    std::map<std::string, std::int64_t, std::less<>> limits;  ///< "messages/day" → amount, -1 unlimited
    std::map<std::string, rate, std::less<>> rates;
    bool pending = false;  ///< a child whose parent has not agreed yet
    bool by_key = false;
    std::vector<std::string> scopes;  ///< of the API key: chat, read, write
    std::int64_t key_rate = -1;       ///< requests an hour of the API key's own, -1 unlimited
    std::string refused;              ///< why it may not act, as the database's refusal() says it; empty when it may
    std::shared_ptr<const seal::key> key;  ///< seals what the user says; null when it cannot be had

    /// Whether this may be done with what it signed in with: a session may do everything.
    bool may(std::string_view scope) const {
        return !by_key || std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    }
    /// The plan's limit; none when it has no row for it.
    std::optional<std::int64_t> limit(std::string_view resource_and_period) const;
};

enum class ownership { none, own };

class account_cache {
public:
    account_cache(postgres::database& db, const seal::master& master) : db_(db), master_(master) {}

    /// Null when the session has ended. An account that may not act says so in `refused`.
    awaitable<result<std::shared_ptr<const account>>> of(user_id user, session_id session);
    /// Whether the conversation is there and the user's. A yes is kept for a moment: whose it is never changes.
    awaitable<result<ownership>> owns(user_id user, conversation_id conversation);
    void forget(const session_id& session) {
        known_.erase(session);
        ++forgotten_;
    }

private:
    awaitable<> unlock(account& who, std::string wrapped);

    struct entry {
        std::shared_ptr<const account> is;
        std::chrono::steady_clock::time_point until;
    };
    struct owned {
        user_id by;
        std::chrono::steady_clock::time_point until;
    };
    postgres::database& db_;
    const seal::master& master_;
    std::unordered_map<session_id, entry> known_;
    std::unordered_map<conversation_id, owned> owned_;
    std::uint64_t forgotten_ = 0;  ///< so that a lookup from before a session's end is not kept after it
};

}  // namespace airi::gateway
