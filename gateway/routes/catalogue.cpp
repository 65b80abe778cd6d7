// Public data: plans, settings, and which features are on.
#include "gateway/auth/authenticate.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> settings(exchange& exchange) {
    const auto caller = co_await authenticate_if_any(exchange.services, exchange.request);
    if (const auto* refused = std::get_if<problem>(&caller)) co_return *refused;
    json::object out;
    const auto rows = exchange.services.catalogue.rows();
    if (const auto shown = json::document::parse(rows->public_settings))
        shown->root().members([&](std::string_view key, json::value value) { out.add_raw(key, value.text()); });
    out.add_raw("features", features_of(exchange.services, std::get<0>(caller).get()));
    co_return success(200, out.text());
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
        .other_statuses = "401",
        .summary = "Get the public settings, and which features are on for the caller"},
};

}  // namespace

extern const std::span<const route> catalogue{rows};

}  // namespace airi::gateway::routes
