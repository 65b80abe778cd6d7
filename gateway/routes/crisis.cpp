// Help lines by country, for everybody: without an account and without a limit, from the catalogue in memory.
#include "gateway/auth/authenticate.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/safety/location.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Of the caller's profile; empty when it has none or cannot be read. No credential is rejected.
awaitable<std::string> country_of_caller(exchange& exchange) {
    auto& services = exchange.services;
    if (!services.database.available()) co_return std::string{};
    const auto found = co_await authenticate_if_any(services, exchange.request);
    const auto* caller = std::get_if<0>(&found);
    if (!caller || !*caller) co_return std::string{};
    const auto rows =
        co_await postgres::run_one(services.database, (*caller)->id, sql::bind("crisis.country_of_caller", {}));
    co_return rows && !rows->empty() ? std::string(rows->text(0, 0)) : std::string{};
}

awaitable<route_result> resources(exchange& exchange) {
    const auto& request = exchange.request;
    const auto& header = exchange.services.options.country_header;
    const auto rows = exchange.services.catalogue.rows();
    if (rows->crisis.empty()) co_return problem_of(make_error_code(postgres::errc::unavailable));
    safety::location_signals known;
    known.fallback = rows->text("crisis_default_country");
    if (const auto picked = exchange.query.find("country"); picked != exchange.query.end())
        known.picked = picked->second;
    if (request.from_proxy && !header.empty()) known.proxy = request.header(header);
    const auto profile = known.picked.empty() ? co_await country_of_caller(exchange) : std::string{};
    known.profile = profile;
    const auto place = safety::locate(known);
    const auto now = request.arrived;
    json::array countries;
    for (const auto country : sql::crisis::countries(rows->crisis)) countries.add(country);
    json::object data;
    data.add("country", place.country == "*" ? std::nullopt : std::optional(place.country))
        .add("chosen_by", place.chosen_by)
        .add_raw("resources", sql::crisis::to_json(sql::crisis::for_country(rows->crisis, place.country, now), now))
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
