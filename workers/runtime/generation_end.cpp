#include "workers/runtime/generation_end.hpp"

#include "events/frames/codec.hpp"
#include "events/frames/messages.hpp"
#include "events/usage.hpp"
#include "workers/runtime/ledger_events.hpp"

namespace airi::workers {
namespace {

// The stored reply, for those who follow the conversation, and for the user's devices that follow another one.
void announce_reply(after_commit& to, const events::chat_screened& event, const std::string& reply) {
    const auto frame = events::encode_frame(events::frames::message_created{event.conversation, {reply}});
    for (auto channel : {events::channel_of(event.conversation), events::channel_of(event.user)})
        to.announcements.push_back({std::move(channel), frame, event.reply});
}

}  // namespace

after_commit after_end(const events::chat_screened& event, const sql::generations::end& end,
    std::string_view traceparent, std::string_view source) {
    after_commit out;
    out.changed_users = {event.user};
    if (end.state == "rejected" && end.epoch == 0) return out;  // moderation has sent the rest
    auto last = events::end_frame(end.state, end.error_code, end.message);
    out.frames.push_back({{event.conversation, event.generation, event.message, event.reply}, {end.epoch, end.offset},
        last.type, std::move(last.more)});
    if (event.listed && !end.superseded && !end.message.empty() && end.message != "null")
        announce_reply(out, event, end.message);
    const events::origin finished_origin{
        event_id::of(event.generation.value, "finished"), source, end.finished_at, traceparent};
    const events::chat_finished finished{event.conversation, event.user, event.message, event.generation, event.reply,
        end.state, end.error_code, end.provider, end.model, end.epoch, end.tokens_in, end.tokens_out, end.cost_nanousd,
        end.latency_ms};
    out.events.push_back(events::envelope(finished, finished_origin));
    if (end.provider == sql::generations::own_provider) return out;
    // The message; what its calls used are lines of their own.
    auto used_origin = finished_origin;
    used_origin.id = event_id::of(event.generation.value, "usage");
    const events::usage_recorded used{.user = event.user,
        .resource = "messages",
        .quantity = end.state == "failed" ? 0 : 1,
        .provider = end.provider,
        .model = end.model,
        .outcome = end.cached ? "cached" : end.state,
        .reference = event.generation,
        .occurred_at = end.finished_at};
    out.events.push_back(events::envelope(used, used_origin));
    add_ledger_events(out, {event.user, "tokens", event.generation, source, traceparent}, end.calls);
    return out;
}

}  // namespace airi::workers
