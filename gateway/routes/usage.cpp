// What the caller has used: today beside the plan's limits, by day, and for one message.
#include <fmt/ranges.h>
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

// A field of a CSV file (RFC 4180); numbers and empty fields as they are.
std::string csv_field(json::value value) {
    const auto text = value.string();
    if (!text) return value.is_null() || !value.exists() ? "" : value.text();
    if (text->find_first_of(",\"\r\n") == text->npos) return std::string(*text);
    std::string out = "\"";
    for (const char c : *text) out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

std::string csv_of(json::value report) {
    static constexpr std::array groups{"day", "feature", "model"};
    static constexpr std::array sums{
        "messages", "calls", "tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning", "cost_nanousd"};
    auto out = fmt::format("{},{}\r\n", fmt::join(groups, ","), fmt::join(sums, ","));
    report["rows"].each([&](json::value row) {
        for (const auto* name : groups) out += csv_field(row[name]) + ',';
        for (const auto* name : sums) out += csv_field(row["sums"][name]) + (name == sums.back() ? "\r\n" : ",");
    });
    return out;
}

awaitable<route_result> report(exchange& exchange) {
    auto got = co_await answer_data(exchange);
    const auto* whole = std::get_if<answer>(&got);
    if (!whole || exchange.query["format"] == "json") co_return got;
    const auto body = json::document::parse(std::get<response>(*whole).body);
    response out;
    out.content_type = "text/csv; charset=utf-8";
    out.headers.emplace_back("Content-Disposition", "attachment; filename=\"usage.csv\"");
    out.body = csv_of(body->root()["data"]);
    co_return answer(std::move(out));
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
