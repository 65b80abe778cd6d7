// What users upload, for the files worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi {

using avatar_id = id<struct avatar_tag>;

namespace events {

/// A picture is stored as it came; nobody gets it before the files worker has made a new one of its pixels.
struct avatar_uploaded {
    avatar_id id;
    user_id user;
    instant uploaded_at;

    static constexpr std::string_view topic = "avatar.uploaded.v1";
    static constexpr auto key = &avatar_uploaded::user;
    static constexpr auto fields = std::tuple{
        field("avatar_id", &avatar_uploaded::id),
        field("user_id", &avatar_uploaded::user),
        field("uploaded_at", &avatar_uploaded::uploaded_at),
    };
};

}  // namespace events
}  // namespace airi
