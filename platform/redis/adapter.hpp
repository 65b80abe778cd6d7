// Lets Asio drive a hiredis asynchronous context, which brings no adapter for it. Used by the connection
// alone.
#pragma once

#include <functional>

#include "platform/base/async.hpp"

struct redisAsyncContext;

namespace airi::redis {

/// Reads and writes for `context` on `on` until hiredis frees it; `gone` is called once, from inside that
/// freeing, and the context may not be touched any more. Commands given in one turn of the loop leave in one
/// write.
void attach(redisAsyncContext* context, executor on, std::function<void()> gone);

}  // namespace airi::redis
