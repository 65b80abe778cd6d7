// What follows from the end of a generation. Pure. Used by the workers that end one: chat, and moderation with a fixed
// reply.
#pragma once

#include <string_view>

#include "events/chat.hpp"
#include "sql/generations.hpp"
#include "workers/runtime/effects.hpp"

namespace airi::workers {

/// The last frame, chat.finished, and usage.recorded for the message and each call; a fixed reply costs nothing. The
/// same row gives the same frames and the same event ids. `source` of the events: "/airi/workers/<name>".
after_commit after_end(
    const events::chat_screened&, const sql::generations::end&, std::string_view traceparent, std::string_view source);

}  // namespace airi::workers
