// The caller's profile.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/profile",
        .name = "profile.get",
        .response = "Profile",
        .summary = "The caller's profile",
        .cache_for = seconds{3600}},
    route{.method = verb::put,
        .path = "/users/profile",
        .name = "profile.update",
        .access = access::session,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .response = "Profile",
        .summary = "Change it: what is not named stays, objects are merged"},
    route{.method = verb::patch,
        .path = "/users/profile",
        .name = "profile.update",
        .access = access::session,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .response = "Profile",
        .summary = "The same as PUT"},
    route{.method = verb::get,
        .path = "/users/statistics",
        .name = "profile.statistics",
        .response = "Statistics",
        .summary = "What the caller has done so far"},
};

}  // namespace

const std::span<const route> profile{rows};

}  // namespace airi::gateway::routes
