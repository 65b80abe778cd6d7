// Public data: plans and settings.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> settings(exchange& exchange) {
    co_return success(200, exchange.services.catalogue.rows()->settings);
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/plans",
        .name = "catalogue.plans",
        .access = access::anyone,
        .response = "Plan[]",
        .summary = "List the subscription plans"},
    route{.method = verb::get,
        .path = "/settings",
        .name = "catalogue.settings",
        .access = access::anyone,
        .handler = settings,
        .response = "Settings",
        .summary = "Get the public settings"},
};

}  // namespace

extern const std::span<const route> catalogue{rows};

}  // namespace airi::gateway::routes
