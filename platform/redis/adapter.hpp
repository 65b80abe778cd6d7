// Drives a hiredis asynchronous context with Asio, for which hiredis has no adapter. Used by the connection only.
#pragma once

#include <functional>

#include "platform/base/async.hpp"

struct redisAsyncContext;

namespace airi::redis {

/// Reads and writes for `context` until hiredis frees it; `gone` is called once, from inside that freeing, and the
/// context must not be used any more. Commands given in one turn of the loop leave in one write.
void attach(redisAsyncContext* context, executor executor, std::function<void()> gone);

}  // namespace airi::redis
