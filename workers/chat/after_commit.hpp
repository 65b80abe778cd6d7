// What follows from the end of a generation. Pure. Used by the chat worker.
#pragma once

#include <string_view>

#include "events/chat.hpp"
#include "sql/generations.hpp"
#include "workers/runtime/effects.hpp"

namespace airi::workers::chat {

/// The last frame, chat.finished, and usage.recorded when something was consumed. The same row gives the same frames
/// and the same event ids.
after_commit after_end(const events::chat_screened&, const sql::generations::end&, std::string_view traceparent);

}  // namespace airi::workers::chat
