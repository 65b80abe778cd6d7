// Usage and its costs: today's beside the plan's limits, reports, the receipt of a message, and all users' costs.
#include "gateway/api/csv.hpp"
#include "gateway/api/data_route.hpp"
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

std::string csv_of_report(json::value report) {
    static constexpr std::array<std::string_view, 10> columns{"day", "feature", "model", "sums.messages", "sums.calls",
        "sums.tokens_in", "sums.tokens_out", "sums.tokens_cached", "sums.tokens_reasoning", "sums.cost_nanousd"};
    return csv_of(report["rows"], columns);
}

awaitable<route_result> report(exchange& exchange) {
    return answer_file(exchange, {"text/csv; charset=utf-8", "usage.csv", csv_of_report});
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/usage/summary",
        .name = "usage.summary",
        .handler = summary,
        .response = "UsageSummary",
        .summary = "Get today's usage and limits"},
    route{.method = verb::get,
        .path = "/usage/report",
        .name = "usage.report",
        .handler = report,
        .query = "UsageQuery",
        .response = "UsageReport",
        .response_media = "text/csv",
        .other_statuses = "422",
        .summary = "Get what was used from one day to another, by day, model or feature; as JSON or CSV"},
    route{.method = verb::get,
        .path = "/messages/{id}/receipt",
        .name = "usage.receipt",
        .response = "UsageReceipt",
        .summary = "Get how the cost of a message or reply came about: calls, the provider's counts, prices, lines"},
    route{.method = verb::get,
        .path = "/admin/usage",
        .name = "usage.costs",
        .access = access::admin,
        .query = "UsageCostsQuery",
        .response = "UsageCosts",
        .summary = "Get the costs by day, the month's budget, and how our counts differ from the providers'"},
};

}  // namespace

extern const std::span<const route> usage{rows};

}  // namespace airi::gateway::routes
