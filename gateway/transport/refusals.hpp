// The rejections of a connection itself, before any route runs. Used by the HTTP session.
#pragma once

#include "gateway/transport/http_request.hpp"

namespace airi::gateway::refusals {

inline constexpr refusal fault{500, "INTERNAL_ERROR", "An internal error occurred."};
inline constexpr refusal header_too_large{431, "HEADERS_TOO_LARGE", "The request header is too large."};
inline constexpr refusal body_too_large{413, "PAYLOAD_TOO_LARGE", "The request body is too large."};
inline constexpr refusal wrong_chunks{
    400, "BAD_REQUEST", "The chunks of the request body are not valid; trailers are not accepted."};
inline constexpr refusal wrong_version{426, "UPGRADE_REQUIRED", "Only WebSocket version 13 is supported."};
inline constexpr refusal wrong_handshake{400, "BAD_REQUEST", "The WebSocket handshake is not valid."};
inline constexpr refusal too_slow{408, "REQUEST_TIMEOUT", "The request did not arrive in time."};

}  // namespace airi::gateway::refusals
