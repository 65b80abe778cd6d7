// A pause of the calling coroutine, on its own executor. Used by loops that poll, retry or beat.
#pragma once

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi {

/// Ends early, without an error, when the coroutine is cancelled.
awaitable<> sleep(milliseconds time);

}  // namespace airi
