// Ending sessions on every gateway: what is cached of them is forgotten at once, their sockets are closed. Gateways
// hear of it over Redis.
#pragma once

#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Joins the channel for as long as the thread runs.
awaitable<> subscribe_to_session_ends(services&);

/// The same for changes of accounts (events::account_channel): the next request looks the account up.
awaitable<> subscribe_to_account_changes(services&);
awaitable<> publish_account_change(services&, user_id);

/// Ends sessions of a user in the database and on every gateway; how many there were. `only` ends that one, `except`
/// all but that one.
awaitable<result<std::size_t>> end_sessions(services&, user_id, std::string_view reason,
    std::optional<session_id> only = std::nullopt, std::optional<session_id> except = std::nullopt);

/// Forgets a session that has ended in the database, here at once and on every gateway. Best effort: a gateway that
/// misses it forgets the session when its cache entry expires.
awaitable<> publish_session_end(services&, session_id);

/// The same for a JSON array of ids, as statements return it; how many there were.
awaitable<std::size_t> publish_session_ends(services&, std::string ids);

}  // namespace airi::gateway
