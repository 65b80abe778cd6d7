// The help lines for the sender of a request, from the catalogue in memory. Used by the routes of crisis safety.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"
#include "platform/safety/location.hpp"

namespace airi::gateway {

struct help_lines {
    safety::location place;
    std::string resources;  ///< a JSON array of CrisisResource; best first

    /// None: unknown, the lines are international.
    std::optional<std::string> country() const {
        return place.country == "*" ? std::nullopt : std::optional(place.country);
    }
};

/// Of the country that is `picked`, or else the caller's profile's, that of a trusted proxy, or the product's. A
/// profile that cannot be read counts as one without a country.
awaitable<help_lines> find_help_lines(
    services&, const request&, std::string_view picked, const std::optional<user_id>& caller);

}  // namespace airi::gateway
