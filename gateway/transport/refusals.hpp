// What a connection itself refuses, before any route is asked.
#pragma once

#include "gateway/transport/http_request.hpp"

namespace airi::gateway::refusals {

inline constexpr refusal fault{500, "INTERNAL_ERROR", "Something went wrong on our side."};
inline constexpr refusal header_too_large{431, "HEADERS_TOO_LARGE", "The request header is too large."};
inline constexpr refusal body_too_large{413, "PAYLOAD_TOO_LARGE", "The request body is too large."};
inline constexpr refusal wrong_version{426, "UPGRADE_REQUIRED", "Only WebSocket version 13 is spoken here."};
inline constexpr refusal wrong_handshake{400, "BAD_REQUEST", "The WebSocket handshake is not valid."};
inline constexpr refusal too_slow{408, "REQUEST_TIMEOUT", "The request did not arrive in time."};
inline constexpr refusal leaving_now{503, "SERVICE_UNAVAILABLE", "This server is about to restart."};

}  // namespace airi::gateway::refusals
