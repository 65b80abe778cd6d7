// The servers of games that an operator names in GAME_SERVERS. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.hpp"

namespace airi::workers::gaming {

struct game_server {
    std::string game, host;
    std::int64_t port = 0;
    std::string version;  ///< empty: the game's own

    /// The same in every process that has the setting.
    uuid id() const;
};

struct server_list {
    std::vector<game_server> servers;
    std::string mistake;  ///< empty: none

    bool has(std::string_view game) const;
};

/// "minecraft=localhost:25565/1.20.2 factorio=10.0.0.5:27015 roblox=3828411582"; a universe is a host without a port
server_list read_servers(std::string_view text);

}  // namespace airi::workers::gaming
