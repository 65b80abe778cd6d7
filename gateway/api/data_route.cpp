#include "gateway/api/data_route.hpp"

#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

// Calls `each(name, value)` for the {placeholders} of the route's path until it answers true; whether it did.
bool any_placeholder(const exchange& exchange, const route& r, const auto& each) {
    std::size_t index = 0;
    for (auto at = r.path.find('{'); at != std::string_view::npos; at = r.path.find('{', at + 1), ++index)
        if (each(r.path.substr(at + 1, r.path.find('}', at) - at - 1), exchange.path[index])) return true;
    return false;
}

// The value of a statement's parameter, wherever the request has it; none when nothing of that name can be there.
std::optional<std::string> parameter(const exchange& exchange, const route& r, std::string_view name) {
    std::optional<std::string> found_in_path;
    any_placeholder(exchange, r, [&](std::string_view placeholder, const std::string& value) {
        if (placeholder == name) found_in_path = value;
        return found_in_path.has_value();
    });
    if (found_in_path) return found_in_path;
    if (name == "body") return exchange.request.body;
    if (name == "session") return exchange.caller->session.text();
    if (name == "address") return exchange.request.address;
    if (const auto found = exchange.query.find(name); found != exchange.query.end()) return found->second;
    if (r.body.empty()) return std::nullopt;
    const auto member = exchange.json()[name];
    if (!member.exists() || member.is_null()) return std::nullopt;
    if (const auto text = member.string()) return std::string(*text);
    return member.text();
}

// An id of the path that is none names nothing.
bool names_nothing(const exchange& exchange, const route& r) {
    return any_placeholder(exchange, r,
        [](std::string_view name, const std::string& value) { return name.ends_with("id") && !uuid::parse(value); });
}

}  // namespace

awaitable<route_result> answer_data(exchange& exchange, const route& r) {
    if (names_nothing(exchange, r)) co_return not_found("object");
    postgres::transaction ask;
    if (exchange.caller) ask.caller = exchange.caller->id;
    postgres::bound bound{&sql::statement(r.name), {}};
    for (const auto& name : bound.statement->parameters) bound.parameters.push_back(parameter(exchange, r, name));
    ask.statements.push_back(std::move(bound));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) {
        // A bad cursor is the caller's; which one, the statement's casts do not say.
        if (failure_of(rows.error()) == failure::refused)
            co_return bad_request("an id, a cursor or a value is malformed");
        co_return problem_of(rows.error());
    }
    const auto& first = rows->front();
    if (first.empty() || first.is_null(0, 0)) co_return not_found("object");
    if (auto refused = refusal_of(first.text(0, 0))) co_return std::move(*refused);
    std::string meta;
    if (first.columns_ > 1) {
        json::object more;
        more.add("next_cursor", first.is_null(0, 1) ? std::nullopt : std::optional(std::string(first.text(0, 1))));
        if (first.columns_ > 2) more.add_raw("generating", first.is_null(0, 2) ? "null" : first.text(0, 2));
        exchange.passing = first.columns_ > 2 && !first.is_null(0, 2);
        meta = more.text();
    }
    co_return success(r.status, first.text(0, 0), meta);
}

}  // namespace airi::gateway
