#include "gateway/api/request_checks.hpp"

#include <charconv>

#include "gateway/api/api_schemas.hpp"

namespace airi::gateway {
namespace {

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

}  // namespace

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

std::optional<problem> read_query(const route& r, exchange& exchange) {
    if (r.query.empty()) return std::nullopt;
    static const auto schemas = json::document::parse(api_schemas());
    json::object given;
    schemas->root()["$defs"][r.query]["properties"].members([&](std::string_view name, json::value property) {
        if (const auto text = exchange.request.parameter(name)) {
            given.add_raw(name, typed(property["type"].string().value_or(""), *text));
            exchange.query.emplace(name, *text);
        } else if (const auto otherwise = property["default"]; otherwise.exists()) {
            exchange.query.emplace(name, otherwise.string() ? std::string(*otherwise.string()) : otherwise.text());
        }
    });
    const auto object = json::document::parse(given.text());
    if (!object) return bad_request("the query is not UTF-8");
    const auto faults = api_schema(r.query).check(object->root());
    if (faults.empty()) return std::nullopt;
    return problem{400, "BAD_REQUEST", "a parameter of the query has a fault", faults_of(faults, "parameter", 1)};
}

}  // namespace airi::gateway
