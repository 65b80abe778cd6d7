// Roblox by Open Cloud messaging: what the companion does is a message to the servers of an experience, whose script
// carries it out. Used by the gaming worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/http/client.hpp"
#include "workers/providers/games/game.hpp"

namespace airi::workers::providers::games {

/// Publishes to the topic `airi` of the universe that is the server's host, with its password as the API key, which
/// needs the operation universe-messaging-service:publish
/// (https://create.roblox.com/docs/cloud/guides/usage-messaging). One message a command, in JSON:
///     {"session", "id", "verb", "arguments"}: the id is the command's, or that of a line which is said
/// and `join` {companion, owner} and `leave` {} around them, `owner` {owner} when the owner changes. The script of
/// the experience subscribes to the topic and obeys, for the sessions whose owner plays there.
///
/// One way only: `done` means published, with the detail {"published":true}; there are no events. Verbs: goto, follow,
/// attack, give, say, stop; others are refused with VERB_NOT_AVAILABLE, a message over Roblox's 1,024 bytes with
/// TOO_LONG, broken arguments with INVALID_ARGUMENTS. Failed, and surely not published: UNREACHABLE, DENIED, REJECTED,
/// RATE_LIMITED when Roblox asks for a longer pause than the command has time; and UNAVAILABLE (5xx). unknown, when the
/// connection was lost after the message was sent: TIMED_OUT, LOST.
///
/// `http` must outlive it, and must keep no idle connections: a request on one could be sent twice. The object
/// outlives the coroutines of its functions.
std::unique_ptr<game_connection> open_roblox(executor, http::client& http, std::string base_url);

namespace roblox {

/// The message of a command of that session; empty: it is longer than Roblox takes, or its arguments are no object.
std::string message_of(const command&, std::string_view session);

}  // namespace roblox
}  // namespace airi::workers::providers::games
