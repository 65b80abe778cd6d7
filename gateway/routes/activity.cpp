// The activity of the caller's account.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/activity",
        .name = "activity.list",
        .access = access::session,
        .query = "Page",
        .response = "Activity[]",
        .summary = "List the account's activity, newest first"},
};

}  // namespace

extern const std::span<const route> activity{rows};

}  // namespace airi::gateway::routes
