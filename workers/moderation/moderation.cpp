#include "workers/moderation/moderation.hpp"

#include "events/moderation.hpp"
#include "sql/generations.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view source = "/airi/workers/moderation";

events::origin origin_of(const uuid& cause, std::string_view what, const record& in, instant time) {
    return {event_id::of(cause, what), source, time, in.traceparent()};
}

}  // namespace

effects judge(const events::chat_requested& in, const std::vector<term>& terms, const record& from) {
    const auto found = screen(in.content, terms);
    const bool refused = found.action == "block";
    effects out;
    out.statements.push_back(
        sql::generations::screen(in, {found.action, found.categories, found.confidence, found.reason}));
    out.then.changed = {in.user};
    const auto& cause = in.generation.value;
    if (refused) {
        auto last = events::end_frame("rejected", found.reason, "null");
        out.then.frames.push_back({{in.conversation, in.generation, in.message, in.reply}, {1, 0}, last.type, std::move(last.more)});
        const events::chat_finished finished{.conversation = in.conversation, .user = in.user, .message = in.message,
            .generation = in.generation, .reply = in.reply, .state = "rejected", .error_code = found.reason,
            .provider = {}, .model = {}};
        out.then.events.push_back(events::envelope(finished, origin_of(cause, "finished", from, in.created_at)));
    } else {
        const events::chat_screened screened{in.conversation, in.user, in.message, in.generation, in.reply, in.created_at};
        out.then.events.push_back(events::envelope(screened, origin_of(cause, "screened", from, in.created_at)));
    }
    const events::moderation_decided decided{in.message, in.user, found.action,
                                             found.categories.empty() ? "" : found.categories.front(), found.reason,
                                             found.confidence};
    out.then.events.push_back(events::envelope(decided, origin_of(cause, "decided", from, in.created_at)));
    return out;
}

effects give_up(const events::chat_requested& in, const record& from) {
    effects out;
    out.statements.push_back(sql::generations::abandon_message(in, "dead_letter"));
    out.then.changed = {in.user};
    auto last = events::end_frame("failed", "dead_letter", "null");
    out.then.frames.push_back({{in.conversation, in.generation, in.message, in.reply}, {1, 0}, last.type, std::move(last.more)});
    const events::chat_finished finished{.conversation = in.conversation, .user = in.user, .message = in.message,
        .generation = in.generation, .reply = in.reply, .state = "failed", .error_code = "dead_letter", .provider = {}, .model = {}};
    out.then.events.push_back(events::envelope(finished, origin_of(in.generation.value, "finished", from, in.created_at)));
    return out;
}

worker declare(const term_list& terms) {
    struct handler {
        const term_list& in_force;
        awaitable<result<effects>> operator()(events::chat_requested in, record from) const {
            const auto held = in_force;
            co_return judge(in, *held, from);
        }
    };
    worker out;
    out.name = "moderation";
    out.topic = std::string(events::chat_requested::topic);
    out.at_once = 256;
    out.handle = on_event<events::chat_requested>(handler{terms});
    out.give_up = [](record from) {
        effects last;
        if (const auto event = events::decode<events::chat_requested>(from.from.value)) last = give_up(*event, from);
        return last;
    };
    return out;
}

}  // namespace airi::workers::moderation
