#include "workers/moderation/moderation.hpp"

#include "events/moderation.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/generations.hpp"
#include "workers/runtime/consumer_groups.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view source = "/airi/workers/moderation";

events::origin origin_of(const uuid& cause, std::string_view what, const record& in, instant time) {
    return {event_id::of(cause, what), source, time, in.traceparent()};
}

// The failed end of a message, told to its client.
after_commit failed(const events::chat_requested& in, std::string_view code, const record& from) {
    after_commit out;
    out.changed = {in.user};
    auto last = events::end_frame("failed", code, "null");
    out.frames.push_back(
        {{in.conversation, in.generation, in.message, in.reply}, {1, 0}, last.type, std::move(last.more)});
    const events::chat_finished finished{.conversation = in.conversation,
        .user = in.user,
        .message = in.message,
        .generation = in.generation,
        .reply = in.reply,
        .state = "failed",
        .error_code = std::string(code),
        .provider = {},
        .model = {}};
    out.events.push_back(events::envelope(finished, origin_of(in.generation.value, "finished", from, in.created_at)));
    return out;
}

// Broken when it can never be read. A key that was replaced since it was kept is asked for once more.
awaitable<error_code> open_with(user_keys& keys, events::chat_requested& in) {
    for (int tries = 0; tries < 2; ++tries) {
        const auto key = co_await keys.of(in.user);
        if (!key) co_return key.error();
        if (!*key) break;
        if (open(in, **key)) co_return error_code{};
        keys.forget(in.user);
    }
    log::warn("moderation.unreadable", {{"generation_id", in.generation.text()}, {"user_id", in.user.text()}});
    co_return seal::errc::broken;
}

}  // namespace

effects judge(const events::chat_requested& in, const std::vector<term>& terms, const record& from) {
    const auto found = screen(in.content, terms);
    const bool refused = found.action == "block";
    effects out;
    out.statements.push_back(
        sql::generations::screen(in, {found.action, found.categories, found.confidence, found.reason}));
    out.after.changed = {in.user};
    const auto& cause = in.generation.value;
    if (refused) {
        auto last = events::end_frame("rejected", found.reason, "null");
        out.after.frames.push_back(
            {{in.conversation, in.generation, in.message, in.reply}, {1, 0}, last.type, std::move(last.more)});
        const events::chat_finished finished{.conversation = in.conversation,
            .user = in.user,
            .message = in.message,
            .generation = in.generation,
            .reply = in.reply,
            .state = "rejected",
            .error_code = found.reason,
            .provider = {},
            .model = {}};
        out.after.events.push_back(events::envelope(finished, origin_of(cause, "finished", from, in.created_at)));
    } else {
        const events::chat_screened screened{
            in.conversation, in.user, in.message, in.generation, in.reply, in.created_at};
        out.after.events.push_back(events::envelope(screened, origin_of(cause, "screened", from, in.created_at)));
    }
    const events::moderation_decided decided{in.message, in.user, found.action,
        found.categories.empty() ? "" : found.categories.front(), found.reason, found.confidence};
    out.after.events.push_back(events::envelope(decided, origin_of(cause, "decided", from, in.created_at)));
    return out;
}

effects give_up(const events::chat_requested& in, const record& from) {
    effects out;
    out.statements.push_back(sql::generations::abandon_message(in, "dead_letter"));
    out.after = failed(in, "dead_letter", from);
    return out;
}

effects unreadable(const events::chat_requested& in, const record& from) {
    constexpr std::string_view code = "unreadable";
    effects out;
    out.statements.push_back(sql::generations::abandon_message(in, code));
    out.after_from_rows = [end = failed(in, code, from)](const std::vector<postgres::rows>& got) {
        return got.front().text(0, 0) == "t" ? end : after_commit{};
    };
    return out;
}

bool open(events::chat_requested& in, const seal::key& with) {
    auto content = seal::open(with, in.content, in.place("content"));
    if (!content) return false;
    if (!in.parameters.text.empty()) {
        const auto parsed = json::document::parse(in.parameters.text);
        auto parameters =
            seal::open(with, parsed ? parsed->root()["sealed"].string().value_or("") : "", in.place("parameters"));
        if (!parameters) return false;
        in.parameters.text = std::move(*parameters);
    }
    in.content = std::move(*content);
    in.sealed = false;
    return true;
}

worker declare(const term_list& terms, user_keys& keys) {
    struct handler {
        const term_list& in_force;
        user_keys& keys;
        awaitable<result<effects>> operator()(events::chat_requested in, record from) const {
            if (in.sealed) {
                const auto outcome = co_await open_with(keys, in);
                if (outcome == seal::errc::broken) co_return unreadable(in, from);
                if (outcome) co_return outcome;
            }
            const auto held = in_force;
            co_return judge(in, *held, from);
        }
    };
    worker out;
    out.name = "moderation";
    out.group = consumer_groups::moderation;
    out.topic = std::string(events::chat_requested::topic);
    out.max_in_flight = 256;
    out.handle = on_event<events::chat_requested>(handler{terms, keys});
    out.give_up = [](record from) {
        effects last;
        if (const auto event = events::decode<events::chat_requested>(from.from.value)) last = give_up(*event, from);
        return last;
    };
    return out;
}

}  // namespace airi::workers::moderation
