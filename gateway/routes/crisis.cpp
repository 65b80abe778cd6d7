// Help lines by country, for everybody: without an account and without a limit, from the catalogue in memory.
#include "gateway/auth/authenticate.hpp"
#include "gateway/crisis/help_lines.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

// No credential is rejected.
awaitable<std::optional<user_id>> caller_of(exchange& exchange) {
    if (!exchange.services.database.available()) co_return std::nullopt;
    const auto found = co_await authenticate_if_any(exchange.services, exchange.request);
    const auto* caller = std::get_if<0>(&found);
    co_return caller && *caller ? std::optional((*caller)->id) : std::nullopt;
}

awaitable<route_result> resources(exchange& exchange) {
    const auto rows = exchange.services.catalogue.rows();
    if (rows->crisis.empty()) co_return problem_of(make_error_code(postgres::errc::unavailable));
    const auto given = exchange.query.find("country");
    const auto picked = given == exchange.query.end() ? std::string{} : given->second;
    const auto caller = picked.empty() ? co_await caller_of(exchange) : std::nullopt;
    const auto lines = co_await find_help_lines(exchange.services, exchange.request, picked, caller);
    json::array countries;
    for (const auto country : sql::crisis::countries(rows->crisis)) countries.add(country);
    json::object data;
    data.add("country", lines.country())
        .add("chosen_by", lines.place.chosen_by)
        .add_raw("resources", lines.resources)
        .add_raw("countries", countries.text());
    co_return success(200, data.text());
}

constexpr std::array table{
    route{.method = verb::get,
        .path = "/crisis/resources",
        .name = "crisis.resources",
        .access = access::anyone,
        .rate_group = "crisis",
        .handler = resources,
        .query = "CrisisQuery",
        .response = "CrisisResources",
        .other_statuses = "503",
        .summary =
            "List help lines of the country of the query, the caller's profile, a trusted proxy, or the product"},
};

}  // namespace

extern const std::span<const route> crisis{table};

}  // namespace airi::gateway::routes
