#include "events/usage.hpp"
#include "workers/chat/chat.hpp"

namespace airi::workers::chat {
after_commit consequences_of(
    const events::chat_screened& in, const sql::generations::end& end, std::string_view traceparent) {
    after_commit out;
    out.changed = {in.user};
    if (end.state == "rejected") return out;  // told by moderation
    auto last = events::end_frame(end.state, end.error_code, end.message);
    out.frames.push_back({{in.conversation, in.generation, in.message, in.reply}, {end.epoch, end.offset}, last.type,
        std::move(last.more)});
    const events::origin finished_at{
        event_id::of(in.generation.value, "finished"), "/airi/workers/chat", end.finished_at, traceparent};
    const events::chat_finished finished{in.conversation, in.user, in.message, in.generation, in.reply, end.state,
        end.error_code, end.provider, end.model, end.epoch, end.tokens_in, end.tokens_out, end.cost_nanousd,
        end.latency_ms};
    out.events.push_back(events::envelope(finished, finished_at));
    if (end.state == "failed") return out;
    auto used_at = finished_at;
    used_at.id = event_id::of(in.generation.value, "usage");
    const events::usage_recorded used{in.user, "messages", 1, end.provider, end.model, end.tokens_in, end.tokens_out,
        end.cost_nanousd, end.cached ? "cached" : end.state, in.generation, end.finished_at};
    out.events.push_back(events::envelope(used, used_at));
    return out;
}

}  // namespace airi::workers::chat
