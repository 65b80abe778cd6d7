// The account behind a session: looked up in Postgres and cached for two seconds. The end of a session is broadcast
// over Redis and invalidates its entry at once; without Redis the entry expires. That a session has ended is cached
// too.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/services/rate_limiter.hpp"
#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::gateway {

struct account {
    user_id id;
    session_id session;  ///< or the API key's id
    std::string json;    ///< the schema User
    std::string role;    ///< see acting_role()
    std::string plan;
    std::string features;  ///< JSON object
    std::int64_t rank = 0;
    std::map<std::string, std::int64_t, std::less<>> limits;  ///< "messages/day" → amount, -1 unlimited
    std::map<std::string, rate, std::less<>> rates;
    bool pending = false;         ///< a child whose parent has not given consent yet
    bool email_verified = false;  ///< the user has proved that the address is theirs
    bool second_factor = false;   ///< the session was opened with one, or has shown one since
    bool by_key = false;
    std::vector<std::string> scopes;  ///< of the API key: chat, read, write
    std::int64_t key_rate = -1;       ///< requests an hour of the API key's own, -1 unlimited
    instant proved_at;                ///< when the session's user last proved their identity
    std::optional<instant> expires;   ///< of the session or the API key; none: never
    std::string refused;              ///< the problem that blocks the account, as the database's refusal(); empty: none
    std::shared_ptr<const seal::key> key;  ///< seals the user's text; null when unavailable

    /// The role that this credential may use: "user" unless its session has a second factor.
    std::string_view acting_role() const { return second_factor ? std::string_view(role) : "user"; }
    /// Whether the credential allows `scope`: a session allows everything, an API key its scopes.
    bool may(std::string_view scope) const {
        return !by_key || std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    }
    /// The plan's limit; none when the plan has no such limit.
    std::optional<std::int64_t> limit(std::string_view resource_and_period) const;
};

enum class ownership { none, own };

class account_cache {
public:
    account_cache(postgres::database& database, const seal::master& master) : database_(database), master_(master) {}

    /// Null when the session has ended. A blocked account has `refused` set.
    awaitable<result<std::shared_ptr<const account>>> find(user_id user, session_id session);
    /// The same, from the database: the cached account may be older than a proof that was given to another gateway.
    awaitable<result<std::shared_ptr<const account>>> find_again(user_id user, session_id session) {
        invalidate(session);
        return find(user, session);
    }
    /// Whether the conversation exists and belongs to the user. A yes is cached: the owner never changes. What acts on
    /// it asks for events::deletion_key() too, in a round trip that it makes anyway.
    awaitable<result<ownership>> owns(user_id user, conversation_id conversation);
    /// Its plan, role or rights have changed.
    void forget(const user_id& user) {
        std::erase_if(accounts_, [&](const auto& each) { return each.second.user == user; });
        ++invalidations_;
    }
    void forget(const conversation_id& conversation) { owned_.erase(conversation); }
    /// Whether an API key with this hash was good within the last seconds.
    bool knows_key(const std::string& hash) const;
    void know_key(const std::string& hash, bool good);
    void invalidate(const session_id& session) {
        accounts_.erase(session);
        ++invalidations_;
    }

private:
    awaitable<> unlock(account& account, std::string wrapped);

    struct entry {
        user_id user;
        std::shared_ptr<const gateway::account> account;  ///< null: the session has ended
        std::chrono::steady_clock::time_point until;
    };
    struct owned {
        user_id owner;
        std::chrono::steady_clock::time_point until;
    };
    postgres::database& database_;
    const seal::master& master_;
    std::unordered_map<session_id, entry> accounts_;
    std::unordered_map<conversation_id, owned> owned_;
    std::unordered_map<std::string, std::chrono::steady_clock::time_point> good_keys_;  ///< until when, by their hashes
    std::uint64_t invalidations_ = 0;  ///< so that a lookup from before a session's end is not stored after it
};

}  // namespace airi::gateway
