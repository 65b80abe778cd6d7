// What was done to the caller's account.
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
        .summary = "What was done to the account, newest first"},
};

}  // namespace

const std::span<const route> activity{rows};

}  // namespace airi::gateway::routes
