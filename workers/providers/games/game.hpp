// The port to a running game: a companion joins it, carries out commands and tells what happens there. Used by the
// gaming worker.
#pragma once

#include <functional>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::workers::providers::games {

/// The place where a game runs.
struct server_address {
    std::string host;  ///< of Roblox: the id of the universe
    int port = 0;
    secret password;      ///< of RCON; an API key; empty where the game has none
    std::string version;  ///< of the game; empty: the game's own
};
struct participant {
    std::string name;       ///< the companion's in the game: 3 to 16 of A-Z a-z 0-9 _
    std::string owner;      ///< the player whom it protects and follows; empty: none
    std::string session{};  ///< its id
};

/// The bounds of one command.
struct command_limits {
    seconds time{30};
    int distance = 64;  ///< blocks from where it stands
    int blocks = 16;    ///< broken and placed
};
struct command {
    std::string id;
    std::string verb;       ///< goto, follow, look, mine, place, craft, attack, give, say or stop
    std::string arguments;  ///< a JSON object, checked before
    command_limits limits;
};

/// refused: the game has no such verb, or it would break a rule. unknown: the connection was lost before its end, and
/// nobody knows whether it was done; it is not repeated.
enum class outcome { done, failed, stopped, refused, unknown };
struct command_result {
    games::outcome outcome = outcome::failed;
    std::string error;   ///< an upper-case code such as NO_PATH; empty when done
    std::string detail;  ///< a JSON object: what was seen or changed
    int blocks = 0;      ///< broken and placed
};

/// chat: `player` said `text`, which nobody has checked. state: `detail` is a JSON object with what the companion sees.
/// left: the companion is out of the game, for the reason `text` (kicked, disconnected, crashed, …).
struct game_event {
    enum class kind { chat, state, left } is = kind::state;
    std::string player, text, detail;
};

class game_connection {
public:
    virtual ~game_connection() = default;
    /// Joins; `sink` is called on this event loop until the end of the object. Errors: those of games::errc.
    virtual awaitable<result<>> join(server_address, participant, std::function<void(game_event)> sink) = 0;
    /// One at a time, and beside it one `say` and one `stop`. It ends within its limits, also when the game does not
    /// answer.
    virtual awaitable<command_result> run(command) = 0;
    /// The player whom it protects and follows from now on; empty: none. It has joined. False: the game was not told.
    virtual awaitable<bool> set_owner(std::string name) = 0;
    /// Ends the command that runs as `stopped`, at once.
    virtual void stop() = 0;
    /// Breaks a join off, which then fails.
    virtual void abort() {}
    /// Leaves the game in order.
    virtual awaitable<> leave() = 0;
};

/// unreachable: nobody listens, or not in time. denied: the password or the name. lost: the connection broke, and the
/// outcome of what ran is unknown. malformed: not the game's protocol. too_long: an answer over the bound, or one that
/// does not end. unsupported: the game's version. refused: the command may not be sent, and nothing was.
enum class errc { unreachable = 1, denied, lost, malformed, too_long, timed_out, unsupported, refused };
error_code make_error_code(errc);

}  // namespace airi::workers::providers::games

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::games::errc> : std::true_type {};
