#include "gateway/api/openapi.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "gateway/api/api_schemas.hpp"
#include "gateway/api/idempotency.hpp"
#include "gateway/api/router.hpp"
#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view idempotency_parameter = R"({"$ref":"#/components/parameters/IdempotencyKey"})";

using responses = std::map<unsigned, std::string>;

std::string method_of(verb method) {
    constexpr std::string_view names[] = {"get", "head", "post", "put", "patch", "delete", "options"};
    return std::string(names[static_cast<std::size_t>(method)]);
}

// Schemas refer to each other where the document has them.
std::string with_references(std::string text) {
    constexpr std::string_view from = "#/$defs/", to = "#/components/schemas/";
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string reference(std::string_view schema) {
    return fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", schema);
}

// A schema by its name, or an array of it: "Name[]".
std::string listed(std::string_view answers) {
    if (!answers.ends_with("[]")) return reference(answers);
    return fmt::format(R"({{"type":"array","items":{}}})", reference(answers.substr(0, answers.size() - 2)));
}

std::string envelope(std::string_view answers) {
    return fmt::format(
        R"({{"type":"object","required":["success","data"],"properties":{{"success":{{"const":true}},"data":{},)"
        R"("meta":{{"type":"object","properties":{{"next_cursor":{{"type":["string","null"]}}}}}}}}}})",
        listed(answers));
}

std::string described(std::string_view text, std::string_view content = {}) {
    json::object out;
    out.add("description", text);
    if (!content.empty()) out.add_raw("content", content);
    return out.text();
}

// By media type, what success looks like; empty when nothing is said of it.
std::string contents_of(const route& r) {
    json::object out;
    if (!r.response.empty())
        out.add_raw("application/json", fmt::format(R"({{"schema":{}}})", r.openai_format ? reference(r.response)
                                                                          : r.bare        ? listed(r.response)
                                                                                          : envelope(r.response)));
    for (const auto one : split(r.response_media, ' '))
        out.add_raw(one, one == json_media ? R"({"schema":{"type":"object"}})" : R"({"schema":{"type":"string"}})");
    return r.response.empty() && r.response_media.empty() ? std::string{} : out.text();
}

bool needs_body(const route& r) {
    if (r.media_types != json_media) return true;
    return !api_schema(r.body).check(json::document::parse("{}")->root()).empty();
}

// By media type, what a body looks like.
std::string taken_by(const route& r) {
    if (r.media_types == json_media) return fmt::format(R"({{"application/json":{{"schema":{}}}}})", reference(r.body));
    json::object out;
    for (const auto one : split(r.media_types, ' '))
        out.add_raw(one, one == "application/x-www-form-urlencoded"
                             ? R"({"schema":{"type":"object"}})"
                             : R"({"schema":{"type":"string","format":"binary"}})");
    return out.text();
}

responses responses_of(const route& r) {
    responses out;
    const auto refuse = [&](std::initializer_list<unsigned> statuses) {
        for (const auto status : statuses)
            out.emplace(status,
                fmt::format(R"({{"$ref":"#/components/responses/{}"}})", r.openai_format ? "OpenAIError" : "Error"));
    };
    const auto json_of = [](std::string_view schema) {
        return fmt::format(R"({{"application/json":{{"schema":{}}}}})", envelope(schema));
    };
    out.emplace(r.status, described("Success", contents_of(r)));
    for (const auto one : split(r.other_statuses, ' ')) {
        const auto status = static_cast<unsigned>(std::stoul(std::string(one)));
        if (status == 202 && r.response == "Message")
            out.emplace(status, described("The reply is still in progress: its ids", json_of("MessageSent")));
        else if (status < 400)
            out.emplace(status, described("See the operation's summary"));
        else if (r.path.starts_with('=') || r.response == "Health")
            out.emplace(status, described("Unhealthy"));
        else
            refuse({status});
    }
    refuse({400, 503});
    if (takes_idempotency_key(r)) refuse({409, 422});
    if (!r.path.starts_with('=')) refuse({429});
    if (r.access != access::anyone) refuse({401, 403});
    if (r.path.find('{') != r.path.npos) refuse({404});
    if (r.body_limit > 0) refuse({413, 415, 422});
    return out;
}

std::string parameters_of(const route& r, json::value schemas) {
    std::string out;
    const auto add = [&](std::string_view name, std::string_view in, bool required, std::string_view schema) {
        out +=
            (out.empty() ? "" : ",") +
            json::object().add("name", name).add("in", in).add("required", required).add_raw("schema", schema).text();
    };
    for (auto at = r.path.find('{'); at != r.path.npos; at = r.path.find('{', at + 1)) {
        const auto name = r.path.substr(at + 1, r.path.find('}', at) - at - 1);
        add(name, "path", true, name.ends_with("id") ? reference("Uuid") : R"({"type":"string"})");
    }
    if (r.issues_tokens)
        add("X-Token-Transport", "header", false, R"({"type":"string","enum":["bearer","cookie","refresh_cookie"]})");
    if (takes_idempotency_key(r)) out += (out.empty() ? "" : ",") + std::string(idempotency_parameter);
    if (!r.query.empty()) {
        const auto schema = schemas[r.query];
        std::set<std::string, std::less<>> needed;
        schema["required"].each([&](json::value name) { needed.emplace(*name.string()); });
        schema["properties"].members([&](std::string_view name, json::value property) {
            add(name, "query", needed.contains(name), with_references(property.text()));
        });
    }
    return "[" + out + "]";
}

// `other`: by a way that is not the route's own; its own one is named.
std::string operation(const route& r, const std::string& id, json::value schemas, bool other) {
    json::object out;
    if (other) out.add("x-same-as", r.name);
    out.add("operationId", id)
        .add("summary", r.summary)
        .add_raw("tags", fmt::format(R"(["{}"])", r.name.substr(0, r.name.find('.'))));
    if (r.proved) out.add("description", "Only with a verified email address: 403 EMAIL_NOT_VERIFIED without.");
    out.add_raw("security", r.access == access::anyone ? "[]" : R"([{"bearer":[]},{"cookie":[]}])");
    if (r.fresh) out.add("x-fresh-proof", true);
    json::array roles;
    for (const auto role : roles_of(r.access)) roles.add(role);
    if (!roles.empty()) out.add_raw("x-roles", roles.text());
    out.add_raw("parameters", parameters_of(r, schemas));
    if (r.body_limit > 0)
        out.add_raw(
            "requestBody", json::object().add("required", needs_body(r)).add_raw("content", taken_by(r)).text());
    json::object answers;
    for (const auto& [status, text] : responses_of(r)) answers.add_raw(std::to_string(status), text);
    return out.add_raw("responses", answers.text()).text();
}

// Of letters that may stand in a URL.
std::string second_id(verb method, std::string path) {
    for (auto& c : path)
        if (c == '/' || c == '{' || c == '}') c = '_';
    return method_of(method) + path;
}

std::string paths(route_tables tables) {
    const auto schemas = json::document::parse(api_schemas());
    std::map<std::string, std::map<std::string, std::string>> found;
    std::set<std::string> ids;
    for (const auto& table : tables)
        for (const auto& r : table) {
            if (r.name.empty()) continue;
            for (const auto& [method, way] : ways_to(r)) {
                const auto path = way.starts_with('=') ? std::string(way.substr(1)) : "/api/v1" + std::string(way);
                // A second way to the same operation has its method and path for a name.
                auto id = std::string(r.name);
                if (!ids.insert(id).second) ids.insert(id = second_id(method, path));
                const bool other = way.data() != r.path.data();
                found[path][method_of(method)] = operation(r, id, schemas->root()["$defs"], other);
            }
        }
    json::object out;
    for (const auto& [path, operations] : found) {
        json::object item;
        for (const auto& [method, text] : operations) item.add_raw(method, text);
        out.add_raw(path, item.text());
    }
    return out.text();
}

std::string components() {
    const auto all = json::document::parse(api_schemas());
    json::object schemas;
    // Frames are the AsyncAPI document's.
    all->root()["$defs"].members([&](std::string_view name, json::value schema) {
        if (name.find("Frame") == name.npos) schemas.add_raw(name, schema.text());
    });
    return json::object()
        .add_raw("schemas", with_references(schemas.text()))
        .add_raw("parameters",
            R"({"IdempotencyKey":{"name":"Idempotency-Key","in":"header","required":false,)"
            R"("description":"A request with the same key and body is carried out once in 24 hours and then answered )"
            R"(as the first time, with Idempotency-Replayed: true where the answer was stored. With another body it )"
            R"(is refused with 422 IDEMPOTENCY_KEY_REUSED, while the first one is running with 409 )"
            R"(IDEMPOTENCY_KEY_BUSY and Retry-After. By user, or address, and operation.",)"
            R"("schema":{"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]{1,255}$"}}})")
        .add_raw("securitySchemes",
            R"({"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT",)"
            R"("description":"An access token or an API key."},)"
            R"("cookie":{"type":"apiKey","in":"cookie","name":"__Host-airi_access",)"
            R"("description":"Set by a login with X-Token-Transport: cookie. )"
            R"(Requests other than GET also need X-CSRF-Token. On localhost without TLS it is airi_access."}})")
        .add_raw("responses",
            R"({"Error":{"description":"The request was rejected; error.code gives the reason",)"
            R"("content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},)"
            R"("OpenAIError":{"description":"The request was rejected, in OpenAI's format; malformed HTTP requests )"
            R"(get the usual error","content":{"application/json":)"
            R"({"schema":{"anyOf":[{"$ref":"#/components/schemas/OpenAIError"})"
            R"(,{"$ref":"#/components/schemas/Error"}]}}}}})")
        .text();
}

}  // namespace

std::string openapi_document(route_tables tables) {
    return json::object()
        .add("openapi", "3.1.0")
        .add_raw("info",
            R"({"title":"airi","version":"1.0.0",)"
            R"("description":"The backend of an AI-companion platform. The prefixes /api and /v1 reach the same )"
            R"(paths as /api/v1, and paths below /auth need none. An operation with x-same-as is another way to )"
            R"(that one; one with x-fresh-proof is answered with 403 REAUTHENTICATION_REQUIRED unless a login or POST )"
            R"(/auth/reauthenticate proved the caller's identity in the last ten minutes.",)"
            R"("license":{"name":"Proprietary","identifier":"LicenseRef-Proprietary"}})")
        .add_raw("servers", R"([{"url":"/"}])")
        .add_raw("paths", paths(tables))
        .add_raw("components", components())
        .text();
}

}  // namespace airi::gateway
