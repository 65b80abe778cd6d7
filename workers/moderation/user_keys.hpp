// The keys of the users whose messages are screened, and whether they are minors: cached for a minute, loaded from
// Postgres in one query for all who wait. Used by the moderation worker, on its one thread.
#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>

#include "platform/base/async.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::moderation {

/// The traits of a user that the rules of moderation distinguish.
struct user_traits {
    bool minor = false;
    std::string plan;
};

class user_keys {
public:
    using shared_key = std::shared_ptr<const seal::key>;

    /// The references must outlive the object, and the object its coroutines.
    user_keys(executor executor, postgres::database& database, const seal::master& master)
        : executor_(std::move(executor)), database_(database), master_(master) {}

    /// Null when the user has no key (any more). A key that was deleted may be returned for up to a minute.
    awaitable<result<shared_key>> key_of(user_id);
    /// Of a user without a key (any more): an adult without a plan. A change of plan is seen within a minute.
    awaitable<result<user_traits>> traits_of(user_id);
    /// The next call of key_of() loads the user's key again.
    void forget(const user_id& user) { cached_.erase(user); }

    /// Wraps some of the keys of the previous secret under the current one. To be repeated until none is left.
    static awaitable<result<>> rewrap(postgres::database&, const seal::master&);

private:
    struct lookup;
    struct entry {
        shared_key key;
        user_traits traits;
        std::chrono::steady_clock::time_point expires;
    };
    awaitable<result<entry>> entry_of(user_id);
    static awaitable<> load(user_keys& self);
    awaitable<> answer(lookup&);

    executor executor_;
    postgres::database& database_;
    const seal::master& master_;
    std::unordered_map<user_id, entry> cached_;
    std::shared_ptr<lookup> next_;  // gathers the calls made while a query is in flight
    bool loading_ = false;
};

}  // namespace airi::workers::moderation
