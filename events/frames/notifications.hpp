// The frames of notifications: something that the user waits for has happened.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct notification_new {
    user_id user;
    std::string kind;
    json_text notification;

    static constexpr std::string_view type = "notification_new";
    static constexpr std::string_view summary = "The user has a new notice; it may come twice, with the same id.";
    static constexpr auto fields = std::tuple{
        field("user_id", &notification_new::user),
        field("kind", &notification_new::kind,
            {.schema = R"({"type": "string", "description": "welcome, export_ready, export_failed, …"})"}),
        field("notification", &notification_new::notification, {.schema = R"({"$ref": "#/$defs/Notification"})"}),
    };
};

}  // namespace airi::events::frames
