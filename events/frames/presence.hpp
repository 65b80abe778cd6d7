// The frames of presence.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct presence {
    user_id user;
    std::string state;
    instant last_seen;

    static constexpr std::string_view type = "presence";
    static constexpr std::string_view summary =
        "The user came online with a first device, or the last one disconnected.";
    static constexpr auto fields = std::tuple{
        field("user_id", &presence::user),
        field("state", &presence::state, {.schema = R"({"enum": ["online", "offline"]})"}),
        field("last_seen", &presence::last_seen),
    };
};

}  // namespace airi::events::frames
