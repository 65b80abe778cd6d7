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

namespace {

constexpr std::string_view known_games[] = {"minecraft", "factorio", "roblox"};

// "host:port/version", or the id of a universe; a mistake, or none.
std::string read_place(std::string_view text, game_server& into) {
    if (into.game == "roblox") {
        into.host = text;
        const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        return !text.empty() && text.size() <= 20 && digits ? "" : fmt::format("{} is not the id of a universe", text);
    }
    const auto slash = text.find('/');
    if (slash != text.npos) into.version = text.substr(slash + 1);
    text = text.substr(0, slash);
    const auto colon = text.rfind(':');
    into.host = text.substr(0, colon);
    into.port = colon == text.npos ? 0 : number_of(text.substr(colon + 1));
    if (into.host.empty() || into.port < 1 || into.port > 65'535) return fmt::format("{} has no host and port", text);
    return {};
}

}  // namespace

server_list read_servers(std::string_view text) {
    server_list out;
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word && out.mistake.empty();) {
        const auto equals = std::min(word.find('='), word.size());
        game_server one{word.substr(0, equals), {}, 0, {}};
        if (equals == word.size())
            out.mistake = fmt::format("{} is not <game>=<host>:<port>", word);
        else if (std::ranges::find(known_games, one.game) == std::end(known_games))
            out.mistake = fmt::format("there is no game {}", one.game);
        else
            out.mistake = read_place(std::string_view(word).substr(equals + 1), one);
        if (out.mistake.empty()) out.servers.push_back(std::move(one));
    }
    return out;
}

}  // namespace airi::workers::gaming
