// The frames of notifications: something that the user waits for has happened.
#pragma once

#include "events/exports.hpp"
#include "events/field.hpp"

namespace airi::events::frames {

struct notification_new {
    user_id user;
    std::string kind;
    std::optional<export_id> export_request;

    static constexpr std::string_view type = "notification_new";
    static constexpr std::string_view summary = "Something that the user waits for has happened.";
    static constexpr auto fields = std::tuple{
        field("user_id", &notification_new::user),
        field("kind", &notification_new::kind,
            {.schema = R"({"type": "string", "description": "export_ready, export_failed"})"}),
        field("export_id", &notification_new::export_request, {.required = false}),
    };
};

}  // namespace airi::events::frames
