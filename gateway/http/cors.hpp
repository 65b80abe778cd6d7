// Cross-origin requests of browsers (CORS): which origins may read responses, and what a preflight allows.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/application.hpp"

namespace airi::gateway {

/// Whether pages of `origin` may talk to us: it is listed (exact scheme://host[:port]), or it is our own, `host` being
/// the request's Host header.
bool origin_allowed(const std::vector<std::string>& origins, std::string_view origin, std::string_view host = {});

/// The headers of a response to a request from `origin`; empty: none.
void add_cors_headers(const std::vector<std::string>& origins, std::string_view origin,
    std::vector<std::pair<std::string, std::string>>& headers);

/// The response to OPTIONS. An allowed origin may send the headers that it asks for, whatever a client library calls
/// them.
response cors_preflight(const std::vector<std::string>& origins, const request&);

}  // namespace airi::gateway
