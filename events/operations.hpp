// An administrator asked for an operation on topics, dead letters or groups, for the operations worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi {

using operation_id = id<struct operation_tag>;

namespace events {

/// The operation has its row already, with what it is to do.
struct operation_requested {
    operation_id id;
    user_id user;  ///< who asked
    instant requested_at;

    static constexpr std::string_view topic = "operation.requested.v1";
    static constexpr auto key = &operation_requested::id;
    static constexpr auto fields = std::tuple{
        field("operation_id", &operation_requested::id),
        field("user_id", &operation_requested::user),
        field("requested_at", &operation_requested::requested_at),
    };
};

}  // namespace events
}  // namespace airi
