#include "events/frames/gaming.hpp"

namespace airi::events::frames {

std::optional<gaming_status_changed> gaming_status_changed::of(json::value session) {
    const auto user = user_id::parse(session["user_id"].string().value_or(""));
    const auto status = session["status"].string();
    if (!user || !status || !session["game"].exists()) return std::nullopt;
    const auto details = session["connection_details"];
    return gaming_status_changed{*user, std::string(session["id"].string().value_or("")), std::string(*status),
        {details.exists() && !details.is_null() ? details.text() : std::string{}}};
}

}  // namespace airi::events::frames
