#include "workers/gaming/server_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "platform/base/number.hpp"

namespace airi::workers::gaming {

uuid game_server::id() const { return uuid::v5(uuid{}, fmt::format("game_server/{}/{}:{}", game, host, port)); }

bool server_list::has(std::string_view game) const {
    return std::ranges::find(servers, game, &game_server::game) != servers.end();
}

server_list read_servers(std::string_view text) {
    server_list out;
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word;) {
        const auto equals = word.find('='), colon = word.rfind(':');
        if (equals == word.npos || colon == word.npos || colon < equals) {
            out.mistake = fmt::format("{} is not <game>=<host>:<port>", word);
            return out;
        }
        const auto slash = word.find('/', colon);
        game_server one{word.substr(0, equals), word.substr(equals + 1, colon - equals - 1), 0,
            slash == word.npos ? std::string{} : word.substr(slash + 1)};
        const auto digits = word.substr(colon + 1, slash == word.npos ? slash : slash - colon - 1);
        const auto port = number_of(digits);
        if (one.game != "minecraft" && one.game != "factorio")
            out.mistake = fmt::format("there is no game {}", one.game);
        else if (one.host.empty() || port < 1 || port > 65'535)
            out.mistake = fmt::format("{} has no host and port", word);
        if (!out.mistake.empty()) return out;
        one.port = port;
        out.servers.push_back(std::move(one));
    }
    return out;
}

}  // namespace airi::workers::gaming
