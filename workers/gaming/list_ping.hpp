// The check that a game server takes players: Minecraft by its server list ping, any other game by a connection. Used
// by the pool.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi::workers::gaming {

/// A handshake for the status and the status request, as wiki.vg/Server_List_Ping describes them: a packet is a VarInt
/// length, a VarInt id (0) and its fields; the protocol version is -1 when only the status is asked for.
std::string status_request(std::string_view host, int port);

/// True: the bytes are the answer, a packet of id 0 with the status as a JSON text; false: they are something else.
/// Empty: more bytes are needed.
std::optional<bool> is_status(std::string_view arrived);

/// False: nobody listens, or the answer is none, or not there in time.
awaitable<bool> takes_players(airi::executor, std::string game, std::string host, int port, milliseconds within);

}  // namespace airi::workers::gaming
