#include "gateway/services/trace_start.hpp"

#include "platform/base/traceparent.hpp"

namespace airi::gateway {
namespace {

double share_of(const services& services) {
    if (services.options.environment != "production") return 1;
    const auto rows = services.catalogue.rows();
    return rows->settings ? rows->settings->root()["trace_sample"].number().value_or(0) : 0;
}

}  // namespace

tracing::span start_request_span(const services& services, request& request) {
    if (!tracing::enabled()) return {};
    auto& context = request.traceparent;
    const bool has_parent = request.header("traceparent") == context;
    const bool sampled =
        has_parent && request.from_proxy ? tracing::is_sampled(context) : tracing::chosen(share_of(services));
    set_sampled(context, sampled);
    if (!sampled) return {};
    if (!has_parent) return tracing::root_of(context, {}, tracing::kind::server);
    auto out = tracing::child_of(context, {}, tracing::kind::server);
    context = out.traceparent();
    return out;
}

tracing::span start_message_span(const services& services, request_trace& trace) {
    if (!tracing::enabled()) return {};
    const auto handshake = std::exchange(trace.traceparent, new_traceparent(tracing::chosen(share_of(services))));
    auto out = tracing::root_of(trace.traceparent, "websocket message.send", tracing::kind::server);
    out.set_link(handshake);
    out.set("network.protocol.name", "websocket");
    return out;
}

}  // namespace airi::gateway
