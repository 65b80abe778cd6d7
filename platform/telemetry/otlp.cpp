#include "platform/telemetry/otlp.hpp"

#include "platform/base/json.hpp"
#include "platform/base/traceparent.hpp"

namespace airi::tracing {
namespace {

constexpr int status_error = 2;

std::string text_attribute(std::string_view name, std::string_view text) {
    return json::object().add("key", name).add_raw("value", json::object().add("stringValue", text).text()).text();
}

std::string number_attribute(std::string_view name, std::int64_t number) {
    const auto value = json::object().add("intValue", std::to_string(number)).text();
    return json::object().add("key", name).add_raw("value", value).text();
}

std::string nanoseconds_of(instant when) {
    return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count());
}

std::string span_json(const recorded_span& span) {
    json::array attributes;
    for (const auto& each : span.attributes)
        attributes.add_raw(
            each.is_number ? number_attribute(each.name, each.number) : text_attribute(each.name, each.text));
    if (!span.error.empty()) attributes.add_raw(text_attribute("error.type", span.error));
    auto out = json::object().add("traceId", span.trace).add("spanId", span.id);
    if (!span.parent.empty()) out.add("parentSpanId", span.parent);
    out.add("name", span.name)
        .add("kind", static_cast<int>(span.kind))
        .add("startTimeUnixNano", nanoseconds_of(span.began))
        .add("endTimeUnixNano", nanoseconds_of(span.ended))
        .add_raw("attributes", attributes.text());
    if (!span.link.empty()) {
        json::array links;
        links.add(json::object().add("traceId", trace_id_of(span.link)).add("spanId", span_id_of(span.link)));
        out.add_raw("links", links.text());
    }
    if (!span.error.empty()) out.add_raw("status", json::object().add("code", status_error).text());
    return out.text();
}

}  // namespace

std::string otlp_request(const std::vector<recorded_span>& spans, std::string_view service, std::string_view instance) {
    json::array resource, list, scopes, resources;
    resource.add_raw(text_attribute("service.name", service)).add_raw(text_attribute("service.instance.id", instance));
    for (const auto& each : spans) list.add_raw(span_json(each));
    scopes.add(json::object()
            .add_raw("scope", json::object().add("name", "airi").text())
            .add_raw("spans", list.text())
            .add("schemaUrl", "https://opentelemetry.io/schemas/1.43.0"));
    resources.add(json::object()
            .add_raw("resource", json::object().add_raw("attributes", resource.text()).text())
            .add_raw("scopeSpans", scopes.text()));
    return json::object().add_raw("resourceSpans", resources.text()).text();
}

}  // namespace airi::tracing
