#include "gateway/router.hpp"

#include <charconv>

#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::int64_t default_limit = 20, most_limit = 100;

// Matches "/conversations/{id}/messages" and collects the placeholders' values.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& values) {
    values.clear();
    while (!pattern.empty() || !path.empty()) {
        if (pattern.empty() || path.empty() || pattern.front() != '/' || path.front() != '/') return false;
        pattern.remove_prefix(1);
        path.remove_prefix(1);
        const auto want = pattern.substr(0, pattern.find('/'));
        const auto have = path.substr(0, path.find('/'));
        if (want.starts_with('{')) {
            if (have.empty()) return false;
            values.emplace_back(have);
        } else if (want != have) {
            return false;
        }
        pattern.remove_prefix(want.size());
        path.remove_prefix(have.size());
    }
    return true;
}

std::optional<std::string_view> below_prefix(std::string_view path) {
    for (std::string_view prefix : {"/api/v1", "/api", "/v1"})
        if (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/')
            return path.substr(prefix.size());
    return std::nullopt;
}

void add_method(std::string& to, verb method) {
    constexpr std::string_view names[] = {"GET, HEAD", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (!to.empty()) to += ", ";
    to += names[static_cast<std::size_t>(method)];
}

// The value of a statement's parameter, wherever the request has it.
std::variant<std::optional<std::string>, problem> parameter(const exchange& of, std::string_view pattern, std::string_view name) {
    std::size_t index = 0;
    for (auto at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{', at + 1), ++index)
        if (pattern.substr(at + 1, pattern.find('}', at) - at - 1) == name) return std::optional(of.path[index]);
    if (name == "limit") {
        const auto given = of.in.parameter("limit");
        if (!given) return std::optional(std::to_string(default_limit));
        std::int64_t limit = 0;
        const auto* const end = given->data() + given->size();
        const auto [stop, ec] = std::from_chars(given->data(), end, limit);
        if (ec != std::errc{} || stop != end || limit < 1 || limit > most_limit) return problem{400, "BAD_REQUEST", "limit must be between 1 and 100"};
        return std::optional(std::to_string(limit));
    }
    if (const auto given = of.in.parameter(name)) return std::optional(std::string(*given));
    const auto member = of.json()[name];
    if (!member.exists() || member.is_null()) return std::optional<std::string>{};
    if (const auto text = member.string()) return std::optional(std::string(*text));
    return std::optional(member.text());
}

}  // namespace

std::span<const std::span<const route>> tables() { return routes::tables; }

found_route find_route(verb method, std::string_view path) {
    found_route out;
    const auto below = below_prefix(path);
    std::vector<std::string> values;
    for (const auto& table : tables()) {
        for (const auto& r : table) {
            const bool absolute = r.path.starts_with('=');
            if (!absolute && !below) continue;
            if (!matches(absolute ? r.path.substr(1) : r.path, absolute ? path : *below, values)) continue;
            if (r.method != method && !(method == verb::head && r.method == verb::get)) {
                // The pages' pattern takes any name, so it says nothing about a path being known.
                if (!r.path.starts_with("=/{")) add_method(out.methods, r.method);
                continue;
            }
            out.is = &r;
            out.path = values;
            return out;
        }
    }
    return out;
}

awaitable<handled> answer_data(exchange& of, data what) {
    const auto found = find_route(of.in.method, of.in.path);
    const auto& statement = sql::statement(what.statement);
    postgres::transaction ask;
    if (of.caller) ask.caller = of.caller->id;
    postgres::bound bound{&statement, {}};
    for (const auto& name : statement.parameters) {
        auto value = parameter(of, found.is->path, name);
        if (auto* wrong = std::get_if<problem>(&value)) co_return std::move(*wrong);
        bound.parameters.push_back(std::get<0>(std::move(value)));
    }
    ask.statements.push_back(std::move(bound));
    const auto rows = co_await of.use.database.run(std::move(ask));
    if (!rows) {
        // A bad uuid or cursor in the request is the caller's; which one, the statement's casts do not say.
        if (failure_of(rows.error()) == failure::refused) co_return bad_request("an id, a cursor or a value is malformed");
        co_return problem_of(rows.error());
    }
    const auto& first = rows->front();
    if (first.empty()) co_return not_found("object");
    std::string meta;
    if (first.columns_ > 1) {
        json::object more;
        more.add("next_cursor", first.is_null(0, 1) ? std::nullopt : std::optional(std::string(first.text(0, 1))));
        if (first.columns_ > 2) more.add_raw("generating", first.is_null(0, 2) ? "null" : first.text(0, 2));
        meta = more.text();
    }
    co_return success(what.status, first.text(0, 0), meta);
}

}  // namespace airi::gateway
