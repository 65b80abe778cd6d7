// The beginnings of the traces of requests and of messages over WebSockets.
#pragma once

#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"
#include "platform/telemetry/tracing.hpp"

namespace airi::gateway {

/// The span of a request, of which the share `trace_sample` is recorded in production, and each elsewhere. Only a
/// trusted proxy decides that for its own traces: a client's ids are kept, its wish is not. What follows from the
/// request is below the span by request.traceparent.
tracing::span start_request_span(const services&, request&);

/// The span of a message that came by a WebSocket: a trace of its own, linked with that of the handshake. `trace` is
/// the handshake's, and then the message's.
tracing::span start_message_span(const services&, request_trace& trace);

}  // namespace airi::gateway
