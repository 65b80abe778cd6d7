// The application behind the sessions of one gateway thread: CORS, authentication, limits, routes, WebSocket handlers.
#pragma once

#include <memory>

#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

class router;

/// Both must outlive it.
std::unique_ptr<application> make_dispatcher(services&, const router&);

}  // namespace airi::gateway
