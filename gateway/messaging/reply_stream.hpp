// A reply as HTTP delivers it: streamed as server-sent events, or waited for. Used by the message routes.
#pragma once

#include <memory>

#include "gateway/http/problem.hpp"
#include "gateway/messaging/generation_watch.hpp"
#include "gateway/messaging/submit_message.hpp"

namespace airi::gateway {

struct watched_message {
    accepted_message message;
    watch_scope watch;
};

/// submit_message for a request that streams the reply or waits for it.
awaitable<std::variant<watched_message, problem>> submit_and_watch(services&, submission);

/// Whether the reply is to be streamed as server-sent events.
bool wants_events(const request&);
/// RFC 7240: Prefer: wait=N, 0 to 30 seconds, which is how long a request waits without it.
seconds wait_of(const request&);

/// The frames of a generation as server-sent events: `id: generation.epoch.offset`, `event: type`, `data: frame`, a
/// comment every 15 s of silence.
streamed event_stream(watch_scope);

/// generation.epoch.offset, as SSE ids and `Last-Event-ID` carry it.
std::optional<std::pair<generation_id, events::position>> read_resume_token(std::string_view);

/// Waits for the end: 201 with the reply, 202 with the ids when it takes longer (at once without a limit, whatever is
/// known by then), or the problem it ended in.
awaitable<route_result> wait_for_reply(
    watch_scope, events::generation_ids, std::string client_message_id, seconds limit);

}  // namespace airi::gateway
