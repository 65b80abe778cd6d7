// The caller's profile.
#include "gateway/auth/personal_data.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {

std::string open_profile(exchange& exchange, json::value data) {
    const auto& caller = *exchange.caller;
    exchange.transient = !caller.key;
    return with_birth_date(data, caller.key.get(), caller.id);
}

namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/profile",
        .also = "/users/me",
        .name = "profile.get",
        .response = "Profile",
        .summary = "Get the caller's profile",
        .opens = open_profile,
        .cache_for = seconds{3600}},
    route{.method = verb::put,
        .path = "/users/profile",
        .also = "PATCH /users/profile",
        .name = "profile.update",
        .access = access::session,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .response = "Profile",
        .summary = "Update the profile: omitted fields stay unchanged, objects are merged",
        .opens = open_profile},
    route{.method = verb::get,
        .path = "/users/statistics",
        .name = "profile.statistics",
        .response = "Statistics",
        .summary = "Get the caller's usage statistics"},
};

}  // namespace

extern const std::span<const route> profile{rows};

}  // namespace airi::gateway::routes
