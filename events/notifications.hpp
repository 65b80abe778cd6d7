// A notice to a user, for the notifications worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// The event's id becomes the notice's. Without a `title`, `kind` is the name of a text in workers/notifications/texts,
/// which `variables` fill beside the user's name and the product's.
struct notification_requested {
    user_id user;
    std::string kind;
    std::string type = "info";  ///< info, warning, success, crisis
    std::string title;          ///< empty: the kind's text, in the user's language
    std::string message;        ///< beside a title
    json_text variables;        ///< object of strings and numbers
    json_text metadata;         ///< object, for clients: what it is about, as {"export_id": …}
    instant requested_at;

    static constexpr std::string_view topic = "notification.requested.v1";
    static constexpr auto key = &notification_requested::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &notification_requested::user),
        field("kind", &notification_requested::kind, {.min_length = 1, .max_length = 40}),
        field("type", &notification_requested::type, {.max_length = 20}),
        field("title", &notification_requested::title, {.max_length = 500}),
        field("message", &notification_requested::message, {.max_length = 4'000}),
        field("variables", &notification_requested::variables, {.max_length = 8'000}),
        field("metadata", &notification_requested::metadata, {.max_length = 8'000}),
        field("requested_at", &notification_requested::requested_at),
    };
};

}  // namespace airi::events
