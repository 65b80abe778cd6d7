// A client of RCON as Minecraft and Factorio speak it. Used by the games that have it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "workers/providers/games/game.hpp"

namespace airi::workers::providers::games::rcon {

/// minecraft: an answer has as many packets as it needs, of 4,096 UTF-16 units each, and no mark at its end. Its server
/// takes one packet from each read of its socket (RconClient.run() closes the connection otherwise), so that a second
/// one is sent only after the first was answered.
/// factorio: an answer is one packet of any size. Requests with id 0 read the server's log
/// (https://lua-api.factorio.com/latest/classes/LuaRCON.html has print() only; the rest is known from other clients).
enum class dialect { minecraft, factorio };

struct limits {
    milliseconds connect{5'000};      ///< with the login
    milliseconds answer{10'000};      ///< from the command to the end of its answer
    milliseconds first_backoff{250};  ///< after a failed connect; doubles with each
    milliseconds longest_backoff{15'000};
    /// Of a command, in bytes; Minecraft closes the connection for a longer one (its buffer has 1,460 bytes).
    std::size_t command_bytes = 1'446;
    std::size_t answer_bytes = 1024 * 1024;
};

struct link;

/// Why the command may not be sent; empty: it may. A newline, NUL or other control character would end it early or
/// begin another one.
std::string_view mistake_of(std::string_view command, const limits&);

/// One connection, made when it is needed and again after each failure. Single thread.
class client {
public:
    client(executor, server_address, dialect, limits = {});
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    /// Closes the connection: the command that runs ends with errc::lost, those that wait with errc::unreachable.
    ~client();

    /// Connects unless connected, `within` this time and limits::connect. After a failure it waits for the backoff,
    /// when that fits. unreachable, denied, malformed: nothing was sent but the login.
    awaitable<result<>> open(milliseconds within);
    /// The whole answer to a command, as valid UTF-8. Commands run one at a time, in order. refused, unreachable,
    /// denied: it was not sent. lost, timed_out, too_long, malformed: it was sent, its outcome is unknown, and it is
    /// never repeated; the next command has a new connection. malformed may also be that of a login. `within` is
    /// for this command alone, limits::answer at most, and once more for a connection that it needs. When the coroutine
    /// is cancelled or destroyed, the connection is closed.
    awaitable<result<std::string>> run(std::string command, milliseconds within);
    /// The number of its logins: another number means a new connection.
    unsigned logins() const;
    /// Ends the command that runs with errc::lost, at once; those that wait go on.
    void abort();

private:
    std::shared_ptr<link> link_;
};

}  // namespace airi::workers::providers::games::rcon
