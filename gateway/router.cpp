#include "gateway/router.hpp"

#include <charconv>

#include "gateway/api_schemas.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

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

// The text of a parameter as JSON of the type its schema names.
std::string typed(std::string_view type, std::string_view text) {
    std::int64_t whole = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (type == "integer" && ec == std::errc{} && stop == text.data() + text.size()) return std::to_string(whole);
    if (type == "boolean" && (text == "true" || text == "false")) return std::string(text);
    return json::quoted(text);
}

std::string faults_of(const std::vector<schema::fault>& faults, std::string_view place, std::size_t from) {
    std::string out;
    for (const auto& f : faults)
        out += (out.empty() ? "" : ",") +
               json::object().add(place, std::string_view(f.pointer).substr(from)).add("message", f.message).text();
    return "[" + out + "]";
}

// Calls `each(name, value)` for the {placeholders} of the route's path until it answers true; whether it did.
bool any_placeholder(const exchange& of, const route& r, const auto& each) {
    std::size_t index = 0;
    for (auto at = r.path.find('{'); at != std::string_view::npos; at = r.path.find('{', at + 1), ++index)
        if (each(r.path.substr(at + 1, r.path.find('}', at) - at - 1), of.path[index])) return true;
    return false;
}

// The value of a statement's parameter, wherever the request has it; none when nothing of that name can be there.
std::optional<std::string> parameter(const exchange& of, const route& r, std::string_view name) {
    std::optional<std::string> found_in_path;
    any_placeholder(of, r, [&](std::string_view placeholder, const std::string& value) {
        if (placeholder == name) found_in_path = value;
        return found_in_path.has_value();
    });
    if (found_in_path) return found_in_path;
    if (name == "body") return of.in.body;
    if (name == "session") return of.caller->session.text();
    if (name == "address") return of.in.address;
    if (const auto found = of.query.find(name); found != of.query.end()) return found->second;
    if (r.body.empty()) return std::nullopt;
    const auto member = of.json()[name];
    if (!member.exists() || member.is_null()) return std::nullopt;
    if (const auto text = member.string()) return std::string(*text);
    return member.text();
}

// An id of the path that is none names nothing.
bool names_nothing(const exchange& of, const route& r) {
    return any_placeholder(of, r,
        [](std::string_view name, const std::string& value) { return name.ends_with("id") && !uuid::parse(value); });
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view list) {
    std::vector<std::string_view> out;
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        if (!word.empty()) out.push_back(word);
        list.remove_prefix(std::min(list.size(), word.size() + 1));
    }
    return out;
}

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

std::optional<problem> refusal_of(std::string_view data) {
    if (!data.starts_with(R"({"problem" : )")) return std::nullopt;
    const auto parsed = json::document::parse(data);
    const auto p = parsed->root()["problem"];
    problem out{static_cast<unsigned>(p["status"].integer().value_or(500)),
        std::string(p["code"].string().value_or("")), std::string(p["message"].string().value_or(""))};
    out.retry_after = p["retry_after"].integer();
    if (p["details"].exists()) out.details = p["details"].text();
    return out;
}

std::optional<problem> switched_off(const gateway_options& options, const route& r) {
    const bool speech = r.path.starts_with("/voice/");
    if (speech ? options.voice_chat : options.file_uploads || r.takes == json_media) return std::nullopt;
    return problem{403, "FEATURE_DISABLED", "this is switched off here"};
}

std::optional<problem> check_body(const route& r, const std::optional<json::document>& body) {
    if (r.body.empty()) return std::nullopt;
    if (!body) return invalid("", "a JSON object is needed");
    const auto faults = api_schema(r.body).check(body->root());
    if (faults.empty()) return std::nullopt;
    return problem{422, "VALIDATION_FAILED", "the body has faults", faults_of(faults, "pointer", 0)};
}

std::optional<problem> read_query(const route& r, exchange& of) {
    if (r.query.empty()) return std::nullopt;
    static const auto schemas = json::document::parse(api_schemas());
    json::object given;
    schemas->root()["$defs"][r.query]["properties"].members([&](std::string_view name, json::value property) {
        if (const auto text = of.in.parameter(name)) {
            given.add_raw(name, typed(property["type"].string().value_or(""), *text));
            of.query.emplace(name, *text);
        } else if (const auto otherwise = property["default"]; otherwise.exists()) {
            of.query.emplace(name, otherwise.string() ? std::string(*otherwise.string()) : otherwise.text());
        }
    });
    const auto object = json::document::parse(given.text());
    if (!object) return bad_request("the query is not UTF-8");
    const auto faults = api_schema(r.query).check(object->root());
    if (faults.empty()) return std::nullopt;
    return problem{400, "BAD_REQUEST", "a parameter of the query has a fault", faults_of(faults, "parameter", 1)};
}

awaitable<handled> answer_data(exchange& of, const route& r) {
    if (names_nothing(of, r)) co_return not_found("object");
    postgres::transaction ask;
    if (of.caller) ask.caller = of.caller->id;
    postgres::bound bound{&sql::statement(r.name), {}};
    for (const auto& name : bound.statement->parameters) bound.parameters.push_back(parameter(of, r, name));
    ask.statements.push_back(std::move(bound));
    const auto rows = co_await of.use.database.run(std::move(ask));
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
        of.passing = first.columns_ > 2 && !first.is_null(0, 2);
        meta = more.text();
    }
    co_return success(r.status, first.text(0, 0), meta);
}

}  // namespace airi::gateway
