// From a request's token to the account behind it.
#pragma once

#include <memory>
#include <variant>

#include "gateway/problem.hpp"
#include "gateway/services.hpp"

namespace airi::gateway {

/// The account, or a 401 (503 when Postgres is away).
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(services&, std::string token, instant at);

/// The token of `Authorization: Bearer …`; empty when there is none.
std::string bearer_of(const request&);

/// Whether a browser page of that origin may talk to us: listed, or our own (`host` is the request's Host header).
bool origin_allowed(const gateway_options&, std::string_view origin, std::string_view host);

}  // namespace airi::gateway
