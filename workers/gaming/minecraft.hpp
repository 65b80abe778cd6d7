// Minecraft by the bot in workers/gaming/bot, a process of its own: the game's protocol is not spoken here.
#pragma once

#include <memory>
#include <string>

#include "workers/providers/games/game.hpp"

namespace airi::workers::gaming {

/// `bot` is the path of bot.mjs, which node of PATH runs. It ends with the object, and with this process.
std::unique_ptr<providers::games::game_connection> open_minecraft(std::string bot, airi::executor);

}  // namespace airi::workers::gaming
