// The frame that ends the wait for a sign-in at an identity provider: between worker and gateway, no client gets it.
#pragma once

#include "events/field.hpp"

namespace airi::events::frames {

/// The result of the flow whose channel carries this is in Postgres.
struct identity_found {
    static constexpr bool to_clients = false;  ///< it needs no schema
    static constexpr std::string_view type = "identity_found";
    static constexpr auto fields = std::tuple<>{};
};

}  // namespace airi::events::frames
