// The frame of an uploaded picture.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct avatar_processed {
    json_text avatar;

    static constexpr std::string_view type = "avatar_processed";
    static constexpr std::string_view summary = "A picture of the user's is ready, or was rejected; it may come twice.";
    static constexpr auto fields = std::tuple{
        field("avatar", &avatar_processed::avatar, {.schema = R"({"$ref": "#/$defs/Avatar"})"}),
    };
};

}  // namespace airi::events::frames
