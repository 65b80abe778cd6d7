// A reply as HTTP knows it: streamed as SSE, or waited for. Used by the message routes.
#pragma once

#include <memory>

#include "gateway/http/problem.hpp"
#include "gateway/messaging/generation_watch.hpp"
#include "gateway/messaging/submit_message.hpp"

namespace airi::gateway {

/// The frames of a generation as server-sent events: `id: generation.epoch.offset`, `event: type`, `data: frame`, a
/// comment every 15 s of silence.
streamed event_stream(watch_scope);

/// generation.epoch.offset, as SSE ids and `Last-Event-ID` carry it.
std::optional<std::pair<generation_id, events::position>> read_resume_token(std::string_view);

/// Waits for the end: 201 with the reply, 202 with the ids when it takes longer, or the problem it ended in.
awaitable<route_result> wait_for_reply(
    watch_scope, events::generation_ids, std::string client_message_id, seconds limit);

}  // namespace airi::gateway
