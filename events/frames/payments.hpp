// The frames of payments.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct subscription_updated {
    user_id user;
    std::string plan;
    std::string status;

    static constexpr std::string_view type = "subscription_updated";
    static constexpr std::string_view summary =
        "The plan or the state of the user's subscription has changed; GET /subscription/current has the rest.";
    static constexpr auto fields = std::tuple{
        field("user_id", &subscription_updated::user),
        field("plan", &subscription_updated::plan),
        field("status", &subscription_updated::status),
    };
};

/// Ends a gateway's wait: the result of the request whose channel carries this is in Postgres.
struct payment_answered {
    static constexpr bool to_clients = false;  ///< it needs no schema
    static constexpr std::string_view type = "payment_answered";
    static constexpr auto fields = std::tuple<>{};
};

}  // namespace airi::events::frames
