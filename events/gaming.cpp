#include "events/gaming.hpp"

namespace airi::events {

std::optional<gaming_wake> gaming_wake::read(std::string_view text) {
    const auto blank = text.find(' ');
    if (blank == text.npos) return std::nullopt;
    const auto session = gaming_session_id::parse(text.substr(0, blank));
    if (!session) return std::nullopt;
    return gaming_wake{*session, std::string(text.substr(blank + 1))};
}

}  // namespace airi::events
