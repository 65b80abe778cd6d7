// Today's usage against the limits of the caller's plan.
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> summary(exchange& exchange) {
    const auto& caller = *exchange.caller;
    const auto rows = co_await postgres::run_one(exchange.services.database, caller.id, sql::bind("usage.today", {}));
    if (!rows) co_return problem_of(rows.error());
    const auto used = json::document::parse(rows->empty() ? "{}" : rows->text(0, 0));
    const auto midnight = std::chrono::floor<std::chrono::days>(exchange.request.arrived) + std::chrono::days{1};
    json::array resources;
    for (const auto& [name, amount] : caller.limits) {
        const auto slash = name.find('/');
        if (name.substr(slash + 1) != "day") continue;
        const auto resource = name.substr(0, slash);
        resources.add(json::object()
                .add("resource", resource)
                .add("used", used ? used->root()[resource].integer().value_or(0) : 0)
                .add("limit", amount)
                .add("resets_at", to_text(midnight)));
    }
    co_return success(200, json::object().add("plan", caller.plan).add_raw("resources", resources.text()).text());
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/usage/summary",
        .name = "usage.summary",
        .handler = summary,
        .response = "UsageSummary",
        .summary = "Get today's usage and limits"},
};

}  // namespace

extern const std::span<const route> usage{rows};

}  // namespace airi::gateway::routes
