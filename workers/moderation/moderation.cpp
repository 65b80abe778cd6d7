#include "workers/moderation/moderation.hpp"

#include "events/moderation.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/generations.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view source = "/airi/workers/moderation";

events::origin origin_of(const uuid& cause, std::string_view step, const record& record, instant time) {
    return {event_id::of(cause, step), source, time, record.traceparent()};
}

after_commit failed(const events::chat_requested& event, std::string_view code, const record& record) {
    after_commit out;
    out.changed_users = {event.user};
    auto last = events::end_frame("failed", code, "null");
    out.frames.push_back(
        {{event.conversation, event.generation, event.message, event.reply}, {1, 0}, last.type, std::move(last.more)});
    const events::chat_finished finished{.conversation = event.conversation,
        .user = event.user,
        .message = event.message,
        .generation = event.generation,
        .reply = event.reply,
        .state = "failed",
        .error_code = std::string(code),
        .provider = {},
        .model = {}};
    out.events.push_back(
        events::envelope(finished, origin_of(event.generation.value, "finished", record, event.created_at)));
    return out;
}

// Broken when it can never be decrypted. The cached key may be outdated: then a fresh one is tried.
awaitable<error_code> open_with(user_keys& keys, events::chat_requested& event) {
    for (int tries = 0; tries < 2; ++tries) {
        const auto key = co_await keys.key_of(event.user);
        if (!key) co_return key.error();
        if (!*key) break;
        if (open(event, **key)) co_return error_code{};
        keys.forget(event.user);
    }
    log::warn("message.undecryptable", {{"generation_id", event.generation.text()}, {"user_id", event.user.text()}});
    co_return seal::errc::broken;
}

}  // namespace

effects screen_message(const events::chat_requested& event, const std::vector<term>& terms, const record& record) {
    const auto found = screen(event.content, terms);
    const bool rejected = found.action == "block";
    effects out;
    out.statements.push_back(
        sql::generations::screen(event, {found.action, found.categories, found.confidence, found.reason}));
    out.after.changed_users = {event.user};
    const auto& cause = event.generation.value;
    if (rejected) {
        auto last = events::end_frame("rejected", found.reason, "null");
        out.after.frames.push_back({{event.conversation, event.generation, event.message, event.reply}, {1, 0},
            last.type, std::move(last.more)});
        const events::chat_finished finished{.conversation = event.conversation,
            .user = event.user,
            .message = event.message,
            .generation = event.generation,
            .reply = event.reply,
            .state = "rejected",
            .error_code = found.reason,
            .provider = {},
            .model = {}};
        out.after.events.push_back(events::envelope(finished, origin_of(cause, "finished", record, event.created_at)));
    } else {
        const events::chat_screened screened{event.conversation, event.user, event.message, event.generation,
            event.reply, event.created_at, event.listed};
        out.after.events.push_back(events::envelope(screened, origin_of(cause, "screened", record, event.created_at)));
    }
    const events::moderation_decided decided{event.message, event.user, found.action,
        found.categories.empty() ? "" : found.categories.front(), found.reason, found.confidence};
    out.after.events.push_back(events::envelope(decided, origin_of(cause, "decided", record, event.created_at)));
    return out;
}

effects give_up(const events::chat_requested& event, const record& record) {
    effects out;
    out.statements.push_back(sql::generations::abandon_message(event, "dead_letter"));
    out.after = failed(event, "dead_letter", record);
    return out;
}

effects unreadable(const events::chat_requested& event, const record& record) {
    constexpr std::string_view code = "unreadable";
    effects out;
    out.statements.push_back(sql::generations::abandon_message(event, code));
    out.after_from_rows = [end = failed(event, code, record)](const std::vector<postgres::rows>& rows) {
        return rows.front().boolean(0, 0) ? end : after_commit{};
    };
    return out;
}

bool open(events::chat_requested& event, const seal::key& key) {
    auto content = seal::open(key, event.content, event.place("content"));
    if (!content) return false;
    if (!event.parameters.text.empty()) {
        const auto parsed = json::document::parse(event.parameters.text);
        auto parameters =
            seal::open(key, parsed ? parsed->root()["sealed"].string().value_or("") : "", event.place("parameters"));
        if (!parameters) return false;
        event.parameters.text = std::move(*parameters);
    }
    event.content = std::move(*content);
    event.sealed = false;
    return true;
}

worker declare(const term_list& terms, user_keys& keys) {
    struct handler {
        const term_list& terms_in_force;
        user_keys& keys;
        awaitable<result<effects>> operator()(events::chat_requested event, record record) const {
            if (event.sealed) {
                const auto outcome = co_await open_with(keys, event);
                if (outcome == seal::errc::broken) co_return unreadable(event, record);
                if (outcome) co_return outcome;
            }
            const auto terms = terms_in_force;
            co_return screen_message(event, *terms, record);
        }
    };
    worker out;
    out.name = "moderation";
    out.group = "moderation";
    out.topic = std::string(events::chat_requested::topic);
    out.max_in_flight = 256;
    out.groups_effects = true;
    out.handle = on_event<events::chat_requested>(handler{terms, keys});
    out.give_up = [](record record) {
        const auto event = events::decode<events::chat_requested>(record.message.value);
        return event ? give_up(*event, record) : effects{};
    };
    return out;
}

}  // namespace airi::workers::moderation
