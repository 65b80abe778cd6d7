// The application behind the sessions of one gateway thread: CORS, authentication, limits, routes, WebSocket peers.
#pragma once

#include <memory>

#include "gateway/application.hpp"
#include "gateway/services.hpp"

namespace airi::gateway {

/// `use` must outlive it.
std::unique_ptr<application> make_service(services& use);

}  // namespace airi::gateway
