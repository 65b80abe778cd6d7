#include "gateway/api/data_route.hpp"

#include <fmt/format.h>

#include "gateway/api/cursor.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

// Calls `each(name, value)` for the {placeholders} of the route's path until it returns true; whether it did.
bool any_placeholder(const exchange& exchange, const auto& each) {
    const auto path = exchange.route.path;
    std::size_t index = 0;
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1), ++index)
        if (each(path.substr(at + 1, path.find('}', at) - at - 1), exchange.path[index])) return true;
    return false;
}

// The value of a statement's parameter, from wherever the request has it; nothing when it does not.
std::optional<std::string> parameter(const exchange& exchange, std::string_view name) {
    std::optional<std::string> in_path;
    any_placeholder(exchange, [&](std::string_view placeholder, const std::string& value) {
        if (placeholder == name) in_path = value;
        return in_path.has_value();
    });
    if (in_path) return in_path;
    if (name == "body") return exchange.body_text();
    if (name == "new_id") return exchange.new_id<event_id>().text();
    if (name == "session") return exchange.caller->session.text();
    if (name == "address") return exchange.request.address;
    if (const auto found = exchange.query.find(name); found != exchange.query.end()) return found->second;
    if (exchange.route.body.empty()) return std::nullopt;
    const auto member = exchange.json()[name];
    if (!member.exists() || member.is_null()) return std::nullopt;
    if (const auto text = member.string()) return std::string(*text);
    return member.text();
}

bool has_malformed_id(const exchange& exchange) {
    return any_placeholder(exchange,
        [](std::string_view name, const std::string& value) { return name.ends_with("id") && !uuid::parse(value); });
}

// next_cursor and the members of `more`, from the columns after the data.
std::string meta_of(const postgres::rows& row, json::value more) {
    json::object out;
    out.add("next_cursor", row.is_null(0, 1) ? std::nullopt : std::optional(opaque_cursor(row.text(0, 1))));
    more.members([&](std::string_view name, json::value value) { out.add_raw(name, value.text()); });
    return out.text();
}

}  // namespace

awaitable<route_result> answer_data(exchange& exchange) {
    if (has_malformed_id(exchange)) co_return not_found("object");
    postgres::transaction ask;
    if (exchange.caller) ask.caller = exchange.caller->id;
    postgres::bound bound{&sql::statement(exchange.route.name), {}};
    for (const auto& name : bound.statement->parameters) bound.parameters.push_back(parameter(exchange, name));
    ask.statements.push_back(std::move(bound));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) {
        // A value that its type's cast refuses, such as a cursor; Postgres does not say which one.
        if (failure_of(rows.error()) == failure::refused)
            co_return bad_request("an id, a cursor or another value is malformed");
        co_return problem_of(rows.error());
    }
    const auto& first = rows->front();
    if (first.empty() || first.is_null(0, 0)) co_return not_found("object");
    if (auto refused = refusal_of(first.text(0, 0))) co_return std::move(*refused);
    if (exchange.route.opens) {
        const auto data = json::document::parse(first.text(0, 0));
        if (!data) co_return problem_of(data.error());
        co_return success(exchange.route.status, exchange.route.opens(exchange, data->root()));
    }
    if (first.columns_ < 2) co_return success(exchange.route.status, first.text(0, 0));
    const auto more = json::document::parse(first.columns_ > 2 && !first.is_null(0, 2) ? first.text(0, 2) : "{}");
    if (!more) co_return problem_of(more.error());
    // While a reply is generated, the conversation's messages change.
    const auto generating = more->root()["generating"];
    exchange.transient = generating.exists() && !generating.is_null();
    co_return success(exchange.route.status, first.text(0, 0), meta_of(first, more->root()));
}

awaitable<route_result> answer_file(exchange& exchange, file_format format) {
    auto got = co_await answer_data(exchange);
    const auto* whole = std::get_if<answer>(&got);
    if (!whole || exchange.query["format"] == "json") co_return got;
    const auto body = json::document::parse(std::get<response>(*whole).body);
    response out;
    out.content_type = format.content_type;
    out.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", format.name));
    out.body = format.make(body->root()["data"]);
    co_return answer(std::move(out));
}

}  // namespace airi::gateway
