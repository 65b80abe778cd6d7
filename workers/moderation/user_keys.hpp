// The keys of the users whose messages are screened: kept for a moment, asked of Postgres for all who wait at once.
// Used by the moderation worker, on its one thread.
#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>

#include "platform/base/async.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::moderation {

class user_keys {
public:
    using known = std::shared_ptr<const seal::key>;

    /// All of them outlive this, and this what is asked of it.
    user_keys(executor on, postgres::database& from, const seal::master& master)
        : on_(std::move(on)), from_(from), master_(master) {}

    /// Null when the user has none (any more). One that was removed is known for up to a minute.
    awaitable<result<known>> of(user_id whose);
    /// The next one who asks gets it from Postgres.
    void forget(const user_id& whose) { kept_.erase(whose); }

    /// Wraps some of the keys under the current secret that the previous one wrapped. Repeated until none is left.
    static awaitable<result<>> rewrap(postgres::database& in, const seal::master&);

private:
    struct lookup;
    struct entry {
        known is;
        std::chrono::steady_clock::time_point until;
    };
    static awaitable<> ask(user_keys& self);
    awaitable<> answer(lookup& to);

    executor on_;
    postgres::database& from_;
    const seal::master& master_;
    std::unordered_map<user_id, entry> kept_;
    std::shared_ptr<lookup> next_;  // gathers those who ask while a query is on its way
    bool asking_ = false;
};

}  // namespace airi::workers::moderation
