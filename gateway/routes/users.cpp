// A user by their id: themselves, or any user for an administrator.
#include "gateway/api/data_route.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"

namespace airi::gateway::routes {
namespace {

// Of another user the cached responses are invalidated here; the dispatcher invalidates the caller's.
awaitable<route_result> update(exchange& exchange) {
    auto out = co_await answer_data(exchange);
    const auto user = user_id::parse(exchange.path.front());
    if (user && *user != exchange.caller->id && std::holds_alternative<answer>(out))
        co_await exchange.services.responses.invalidate(*user);
    co_return out;
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/{id}",
        .name = "users.get",
        .of_any_user = true,
        .response = "Profile",
        .summary = "Get the caller's profile, or for administrators any user's, without the birth date",
        .opens = open_profile},
    route{.method = verb::patch,
        .path = "/users/{id}",
        .also = "PUT /users/{id}",
        .name = "users.update",
        .access = access::session,
        .of_any_user = true,
        .handler = update,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .response = "Profile",
        .summary = "Update the caller's profile, or for administrators any user's; omitted fields stay unchanged",
        .opens = open_profile},
    route{.method = verb::get,
        .path = "/users/{id}/stats",
        .name = "users.stats",
        .of_any_user = true,
        .response = "Statistics",
        .summary = "Get the caller's usage statistics, or for administrators any user's"},
    route{.method = verb::get,
        .path = "/users/{id}/activity",
        .name = "users.activity",
        .access = access::session,
        .of_any_user = true,
        .query = "Page",
        .response = "Activity[]",
        .summary = "List the activity of the caller's account, or for administrators of any, newest first"},
    route{.method = verb::get,
        .path = "/users/{id}/preferences",
        .name = "users.preferences",
        .response = "Preferences",
        .summary = "Get the caller's preferences, with the product's defaults"},
    route{.method = verb::patch,
        .path = "/users/{id}/preferences",
        .name = "users.set_preferences",
        .access = access::session,
        .body_limit = small_body,
        .body = "PreferencesUpdate",
        .response = "Preferences",
        .summary = "Update the caller's preferences; omitted ones stay unchanged, null restores the default"},
};

}  // namespace

extern const std::span<const route> users{rows};

}  // namespace airi::gateway::routes
