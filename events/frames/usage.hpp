// The frames of usage.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct usage_updated {
    user_id user;
    std::string resource;
    std::int64_t used = 0;
    std::optional<std::int64_t> limit;

    static constexpr std::string_view type = "usage_updated";
    static constexpr std::string_view summary = "What the user has used today.";
    static constexpr auto fields = std::tuple{
        field("user_id", &usage_updated::user),
        field("resource_type", &usage_updated::resource),
        field("current_usage", &usage_updated::used),
        field("limit", &usage_updated::limit,
            {.schema = R"({"type": ["integer", "null"], "description": "the plan's, a day; -1: none"})"}),
    };
};

}  // namespace airi::events::frames
