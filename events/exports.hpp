// A user requested an export of their data, for the exports worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi {

using export_id = id<struct export_tag>;

namespace events {

/// The export has its row already; `link` is where the user opens the archive, for the mail.
struct export_requested {
    export_id id;
    user_id user;
    std::string link;
    instant requested_at;

    static constexpr std::string_view topic = "export.requested.v1";
    static constexpr auto key = &export_requested::user;
    static constexpr auto fields = std::tuple{
        field("export_id", &export_requested::id),
        field("user_id", &export_requested::user),
        field("link", &export_requested::link, {.max_length = 2'000}),
        field("requested_at", &export_requested::requested_at),
    };
};

/// The mail about an export that is ready.
inline event_id mail_of(const export_id& id) { return event_id::of(id.value, "mail"); }

}  // namespace events
}  // namespace airi
