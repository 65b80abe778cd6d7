#include "gateway/api/request_checks.hpp"

#include <algorithm>
#include <charconv>

#include "gateway/api/api_schemas.hpp"
#include "gateway/api/cursor.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/http/json_checks.hpp"
#include "platform/base/ascii.hpp"
#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

bool role_reaches(access level, std::string_view role) {
    const auto roles = roles_of(level);
    return roles.empty() || std::ranges::find(roles, role) != roles.end();
}

std::string_view role_needed(access level) {
    if (level == access::evidence) return "this operation requires the role crisis";
    if (level == access::crisis) return "this operation requires the role crisis or an administrator role";
    return "this operation requires an administrator role";
}

problem second_factor_needed() {
    return {403, "SECOND_FACTOR_REQUIRED",
        "your role needs a second factor: turn on two-factor authentication in your account, or log in again with a "
        "code"};
}

// The database checks the role again, without the second factor.
std::optional<problem> check_role(access level, const account& caller) {
    if (role_reaches(level, caller.acting_role())) return std::nullopt;
    if (role_reaches(level, caller.role)) return second_factor_needed();
    return problem{403, "FORBIDDEN", std::string(role_needed(level))};
}

std::string_view scope_of(const route& route) {
    if (!route.scope.empty()) return route.scope;
    return route.method == verb::get || route.method == verb::head ? "read" : "write";
}

// Parameters of the media type are ignored: "application/json; charset=utf-8" is JSON.
bool is_one_of(std::string_view content_type, std::string_view types) {
    const auto type = trimmed(content_type.substr(0, content_type.find(';')));
    return std::ranges::any_of(split(types, ' '), [&](std::string_view wanted) { return same_text(type, wanted); });
}

// A query parameter as JSON of the type its schema names; a string when it is not of that type.
std::string typed(std::string_view type, std::string_view text) {
    std::int64_t whole = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (type == "integer" && ec == std::errc{} && stop == text.data() + text.size()) return std::to_string(whole);
    if (type == "boolean" && (text == "true" || text == "false")) return std::string(text);
    return json::quoted(text);
}

// The place of a JSON pointer as OpenAI's errors write it: messages[2].content.
std::string openai_param(std::string_view pointer) {
    std::string out;
    for (const auto part : split(pointer.substr(std::min<std::size_t>(pointer.size(), 1)), '/')) {
        const bool is_index = !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
        if (is_index)
            out.append("[").append(part).append("]");
        else
            out.append(out.empty() ? "" : ".").append(part);
    }
    return out;
}

std::string faults_of(const std::vector<schema::fault>& faults, std::string_view place, std::size_t from) {
    std::string out;
    for (const auto& f : faults)
        out += (out.empty() ? "" : ",") +
               json::object().add(place, std::string_view(f.pointer).substr(from)).add("message", f.message).text();
    return "[" + out + "]";
}

}  // namespace

std::optional<problem> check_access(const route& route, const account& caller) {
    if (caller.pending && !route.allows_pending) return consent_needed();
    // A route for sessions or roles is outside the scopes of API keys.
    if (auto refused = check_scope(caller, route.access == access::signed_in ? scope_of(route) : "")) return refused;
    return check_role(route.access, caller);
}

std::optional<problem> check_other_user(const exchange& exchange) {
    const auto& caller = *exchange.caller;
    if (!exchange.route.of_any_user || user_id::parse(exchange.path.front()) == caller.id) return std::nullopt;
    const auto refused = check_role(access::admin, caller);
    if (!refused) return std::nullopt;
    return role_reaches(access::admin, caller.role) && !caller.by_key ? *refused : not_found("user");
}

std::optional<problem> parse_body(exchange& exchange) {
    const auto& route = exchange.route;
    const auto& text = exchange.request.body;
    if (text.empty()) {
        // An omitted body is one without members, which the route's schema may allow.
        if (!route.body.empty()) exchange.body = *json::document::parse("{}");
        return std::nullopt;
    }
    if (!is_one_of(exchange.request.header("content-type"), route.media_types))
        return problem{415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be one of: " + std::string(route.media_types)};
    if (route.media_types != json_media) return std::nullopt;
    auto parsed = json::document::parse(text);
    if (!parsed) return bad_request("the body is " + parsed.error().message());
    auto refused = parsed->root().type() == json::kind::object
                       ? refuse_nul(text, parsed->root())
                       : std::optional(invalid("", "the body must be a JSON object"));
    if (refused && route.openai_format) return openai_fault("invalid_value", "", std::move(refused->message));
    if (refused) return refused;
    exchange.body = std::move(*parsed);
    return std::nullopt;
}

std::optional<problem> check_body(const exchange& exchange) {
    const auto& schema = exchange.route.body;
    if (schema.empty()) return std::nullopt;
    const auto faults = api_schema(schema).check(exchange.body->root());
    // OpenAI's format has a place for one fault.
    if (!faults.empty() && exchange.route.openai_format) {
        const auto param = openai_param(faults.front().pointer);
        return openai_fault("invalid_value", param, param + ": " + faults.front().message);
    }
    if (!faults.empty())
        return problem{422, "VALIDATION_FAILED", "the body is not valid", faults_of(faults, "pointer", 0)};
    for (const auto& member : screened_members(schema))
        if (const auto found = exchange.services.catalogue.rows()->blocked->screen(exchange.text(member));
            found.blocks())
            return invalid("/" + member, "the text is not allowed (" + found.reason + ")");
    // The `model` of any body is one that the caller may name.
    const auto model = exchange.text("model");
    const bool checked = !model.empty() && exchange.caller && !exchange.route.openai_format;
    if (checked && !exchange.services.catalogue.rows()->offers(model, *exchange.caller)) return model_not_offered();
    return std::nullopt;
}

std::optional<problem> read_query(exchange& exchange) {
    const auto& route = exchange.route;
    if (route.query.empty()) return std::nullopt;
    static const auto schemas = json::document::parse(api_schemas());
    json::object given;
    schemas->root()["$defs"][route.query]["properties"].members([&](std::string_view name, json::value property) {
        if (const auto raw = exchange.request.parameter(name)) {
            const auto text = property["format"].string() == "cursor" ? readable_cursor(*raw) : std::string(*raw);
            given.add_raw(name, typed(property["type"].string().value_or(""), text));
            exchange.query.emplace(name, text);
        } else if (const auto otherwise = property["default"]; otherwise.exists()) {
            exchange.query.emplace(name, otherwise.string() ? std::string(*otherwise.string()) : otherwise.text());
        }
    });
    const auto object = json::document::parse(given.text());
    if (!object) return bad_request("the query must be UTF-8");
    const auto faults = api_schema(route.query).check(object->root());
    if (faults.empty()) return std::nullopt;
    return problem{400, "BAD_REQUEST", "a query parameter is not valid", faults_of(faults, "parameter", 1)};
}

}  // namespace airi::gateway
