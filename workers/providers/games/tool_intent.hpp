// The action in a game that a model's call of a tool asks for. Pure. Used by the chat worker, which stores it as a
// command, and by the gaming worker's replay, which derives it again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace airi::workers::providers::games {

inline constexpr std::string_view tool_prefix = "game_";  ///< of the tools that are verbs of a game

struct tool_intent {
    std::string verb;
    std::string arguments;  ///< a JSON object
};

/// `arguments`: as the model wrote them, perhaps empty. Returns nothing when the tool is no verb of a game, or they are
/// no JSON object.
std::optional<tool_intent> intent_of(std::string_view tool, std::string_view arguments);

}  // namespace airi::workers::providers::games
