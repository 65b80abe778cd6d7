#include "workers/providers/games/tool_intent.hpp"

#include "platform/base/json.hpp"

namespace airi::workers::providers::games {

std::optional<tool_intent> intent_of(std::string_view tool, std::string_view arguments) {
    if (!tool.starts_with(tool_prefix)) return std::nullopt;
    const auto given = json::document::parse(arguments.empty() ? "{}" : arguments);
    if (!given || given->root().type() != json::kind::object) return std::nullopt;
    return tool_intent{std::string(tool.substr(tool_prefix.size())), given->root().text()};
}

}  // namespace airi::workers::providers::games
