// The sample thing worker's event.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// Something is to be done for the user; nothing publishes this yet (see events::envelope).
struct sample_thing_requested {
    user_id user;
    std::string text;
    instant requested_at;

    static constexpr std::string_view topic = "sample_thing.requested.v1";
    static constexpr auto key = &sample_thing_requested::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &sample_thing_requested::user),
        field("text", &sample_thing_requested::text, {.max_length = 1000}),
        field("requested_at", &sample_thing_requested::requested_at),
    };
};

}  // namespace airi::events
