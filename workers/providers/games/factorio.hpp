// Factorio by RCON. There is no body of the companion in the world: it speaks as the server, gives items to players and
// has the owner's character craft. Used by the gaming worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "workers/providers/games/game.hpp"
#include "workers/providers/games/rcon.hpp"

namespace airi::workers::providers::games {

/// Verbs and their arguments; a name is of A-Z a-z 0-9 _ - and, of a player, the point:
///     say {text: 1 to 256 characters}
///     look {}: its detail is what a `state` event has
///     give {item, count: 1 to 100, player: the owner when missing}: items from nothing, into the inventory
///     craft {item, count: 1 to 100}: the owner's character crafts by hand, of what it carries
///     stop {}: the owner's crafting queue is cancelled
/// All others are refused with VERB_NOT_AVAILABLE, absurd arguments with INVALID_ARGUMENTS, and a verb that needs the
/// owner with NO_OWNER when there is none. Errors of the game: NO_PLAYER, NO_CHARACTER, NO_ITEM, NO_RECIPE,
/// RECIPE_LOCKED, INVENTORY_FULL, NO_INGREDIENTS, SCRIPT_ERROR; of the connection: UNREACHABLE, DENIED, UNSUPPORTED
/// (nothing was done), LOST, TIMED_OUT, MALFORMED, TOO_LONG, NO_ANSWER (outcome::unknown).
///
/// A new world swallows the first Lua command: it warns that achievements end, some versions in the answer, some in the
/// log only, and carries out the same text when it comes again. Each new connection therefore begins with a command
/// that changes nothing, sent twice at most.
///
/// Events: `state` after join and after each look, `left` when the connection is gone; a later command connects again.
/// There is no `chat`: no command reads what players say, and the log that requests with id 0 give is undocumented and
/// goes to one client only.
///
/// The object outlives the coroutines of its functions.
std::unique_ptr<game_connection> open_factorio(executor, rcon::limits = {});

namespace factorio {

/// The text as a Lua literal, from which nothing can break out: no quote, backslash or control character is left as it
/// is (Lua 5.2 manual, 3.1).
std::string lua_literal(std::string_view text);

/// The console command of a command.
struct script {
    std::string text;   ///< /sc and Lua; empty: it may not run
    std::string error;  ///< then why
};
script script_of(const command&, const participant&);

/// The output of `look`, with known members only: {"tick":…,"players":[{"name","x","y","surface","health","inventory":
/// [{"name","count"}]}]}, at most 8 players with 32 items each. Empty when it is something else.
std::string read_state(std::string_view printed);

}  // namespace factorio
}  // namespace airi::workers::providers::games
