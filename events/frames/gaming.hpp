// The frames of games.
#pragma once

#include <optional>

#include "events/field.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"

namespace airi::events::frames {

struct gaming_status_changed {
    user_id user;
    std::string session;
    std::string status;
    json_text server_details;  ///< connection_details of the session; null when it has ended

    /// Of a session as the functions of sql/functions/gaming.sql return it; none: it is no session.
    static std::optional<gaming_status_changed> of(json::value session);

    static constexpr std::string_view type = "gaming_status_changed";
    static constexpr std::string_view summary =
        "A session of a game began, ended, or has other connection details; GET /gaming/sessions/{id} has the rest.";
    static constexpr auto fields = std::tuple{
        field("user_id", &gaming_status_changed::user),
        field("session_id", &gaming_status_changed::session),
        field("status", &gaming_status_changed::status,
            {.schema = R"({"enum": ["pending", "active", "completed", "error"]})"}),
        field("server_details", &gaming_status_changed::server_details,
            {.schema = R"({"type": ["object", "null"], "description": "connection_details of the session"})"}),
    };
};

}  // namespace airi::events::frames
