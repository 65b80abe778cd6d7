// Traces: spans that are exported by OTLP/HTTP in JSON, and the context that joins those of several processes, the W3C
// traceparent. Without an exporter, or in a trace that is not sampled, a span costs a comparison. No work waits for the
// collector: the exporter has a bounded queue and a thread of its own, and counts the spans that it drops.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp, https://www.w3.org/TR/trace-context/
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"

namespace airi::tracing {

/// The settings that every program has; their names are OpenTelemetry's.
struct destination {
    std::string endpoint;
    secret headers;

    static constexpr auto settings = std::tuple{
        setting{"OTEL_EXPORTER_OTLP_ENDPOINT", &destination::endpoint,
            "The collector of traces, http://host:4318: spans go to /v1/traces below it; empty: no traces."},
        setting{"OTEL_EXPORTER_OTLP_HEADERS", &destination::headers,
            "Headers for it, name=value separated by commas, values percent-encoded."},
    };
    std::vector<std::string> mistakes() const;
};

enum class kind { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };  ///< OTLP's numbers

/// Names of attributes are OpenTelemetry's. They never hold message text, secrets or personal data.
struct attribute {
    std::string_view name;  ///< a literal
    std::string text{};
    std::int64_t number = 0;
    bool is_number = false;
};

/// The record of a span.
struct recorded_span {
    std::string trace, id, parent;  ///< hexadecimal; no parent: the root
    std::string link{};             ///< the traceparent of a related trace; empty: none
    std::string name;
    tracing::kind kind;
    instant began{};
    instant ended{};
    std::vector<attribute> attributes{};
    std::string error{};  ///< a short name; empty: none
};

/// One piece of work. Ends when it is destroyed; one that is empty records nothing.
class span {
public:
    span() = default;
    explicit span(recorded_span record) : record_(std::make_unique<recorded_span>(std::move(record))) {}
    span(span&&) noexcept = default;
    span& operator=(span&&) noexcept;
    ~span() { end(); }

    explicit operator bool() const { return record_ != nullptr; }
    /// For the events and requests that follow from it; empty for an empty span.
    std::string traceparent() const;
    void set(std::string_view name, std::string_view text);
    void set(std::string_view name, std::int64_t number);
    void set_name(std::string name);
    /// The traceparent of a related trace.
    void set_link(std::string traceparent);
    void failed(std::string_view error);
    void end();

private:
    std::unique_ptr<recorded_span> record_;
};

/// False for anything that is not a traceparent.
bool is_sampled(std::string_view traceparent);

/// True while spans are exported.
bool enabled();
/// True for this share of new traces, 0 to 1, at random.
bool chosen(double share);

/// A child of the span that the traceparent names; empty when that is invalid or not sampled.
span child_of(std::string_view traceparent, std::string name, kind);
/// The very span that the traceparent names, without a parent; empty likewise.
span root_of(std::string_view traceparent, std::string name, kind);

/// The exporter of the process. Its destructor sends the spans that are left, for at most four seconds when the
/// collector does not answer.
class exporter {
public:
    /// `program`: the service's name, airi-gateway. With an empty endpoint it does nothing.
    exporter(const destination&, std::string_view program, std::string_view instance);
    ~exporter();
    exporter(const exporter&) = delete;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::tracing
