// Sessions that end anywhere, heard over Redis: forgotten here at once, their sockets closed.
#pragma once

#include "gateway/services/services.hpp"

namespace airi::gateway {

inline constexpr std::string_view session_channel = "sessions";

/// Joins the channel for as long as the thread runs.
awaitable<> hear_session_endings(services& services);

/// Forgets it here at once and tells every gateway. Best effort: what is not heard ends when the caches do.
awaitable<> tell_session_ended(services& services, session_id session);

/// The same of a JSON array of ids, as statements answer it; how many there were.
awaitable<std::size_t> tell_sessions_ended(services& services, std::string ids);

}  // namespace airi::gateway
