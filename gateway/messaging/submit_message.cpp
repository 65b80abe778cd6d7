#include "gateway/messaging/submit_message.hpp"

#include <fmt/format.h>

#include "events/chat.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::size_t most_content = 32'000;

std::string today(instant at) { return to_text(at).substr(0, 10); }

std::vector<window> windows_of(const account& who, std::string_view group) {
    std::vector<window> out;
    for (const std::string_view name : {std::string_view("api"), group})
        if (const auto found = who.rates.find(name);
            !name.empty() && found != who.rates.end() && found->second.max >= 0)
            out.push_back({found->second.name, who.id.text(), found->second.max, found->second.window});
    if (who.key_rate >= 0) out.push_back({"api_key", who.session.text(), who.key_rate, 3600});
    return out;
}

problem too_many(const decision& d) {
    problem out{429, "RATE_LIMITED",
        fmt::format("too many requests ({} in {} s), try again in {} s", d.limit, d.window, d.reset)};
    out.retry_after = std::max<std::int64_t>(1, d.reset);
    if (d.is == decision::kind::quota_used) {
        out.code = "QUOTA_EXCEEDED";
        out.message = fmt::format("today's {} messages are used up", d.limit);
    }
    out.details = json::object()
                      .add("limit", d.limit)
                      .add("window_seconds", d.window)
                      .add("remaining", 0)
                      .add("reset_seconds", d.reset)
                      .text();
    return out;
}

awaitable<result<postgres::rows>> ask(services& services, user_id caller, postgres::bound statement) {
    postgres::transaction one;
    one.caller = caller;
    one.statements.push_back(std::move(statement));
    auto rows = co_await services.database.run(std::move(one));
    if (!rows) co_return rows.error();
    co_return std::move(rows->front());
}

awaitable<result<>> seed(services& services, const account& who, quota day) {
    const auto rows = co_await ask(services, who.id, sql::bind("quota.messages_today", {{"day", day.day}}));
    if (!rows) co_return rows.error();
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < rows->size(); ++i) ids.emplace_back(rows->text(i, 0));
    co_return co_await services.limits.seed(std::move(day), std::move(ids));
}

awaitable<> give_back(services& services, user_id whose, quota day) {
    co_await services.limits.give_back(day);
    if (day.max >= 0)
        co_await ask(services, whose, sql::bind("quota.give_back", {{"day", day.day}, {"message", day.member}}));
}

// Postgres has the last word on a quota: Redis may have forgotten what is under way, and may be away.
awaitable<std::optional<problem>> take_quota(services& services, const account& who, quota day, decision& used) {
    if (day.max < 0) co_return std::nullopt;
    const auto rows = co_await ask(
        services, who.id, sql::bind("quota.take", {{"day", day.day}, {"max", day.max}, {"message", day.member}}));
    if (!rows || rows->text(0, 0) == "used_up") co_await services.limits.give_back(day);
    if (!rows) co_return problem_of(rows.error());
    if (rows->text(0, 0) != "used_up") {
        used.repeated = rows->text(0, 0) == "repeated";
        co_return std::nullopt;
    }
    used.is = decision::kind::quota_used;
    used.limit = day.max;
    used.window = 86'400;
    co_return too_many(used);
}

// Rates and quota: Redis refuses in one step what is over a limit it knows of; without it rates are let through.
awaitable<std::optional<problem>> take_all(services& services, const account& who, quota day, decision& used) {
    auto windows = services.options.rate_limiting ? windows_of(who, "chat") : std::vector<window>{};
    for (int tries = 0; tries < 3; ++tries) {
        const auto got = co_await services.limits.take(windows, day);
        if (!got) break;
        if (got->is == decision::kind::unseeded) {
            const auto seeded = co_await seed(services, who, day);
            if (!seeded && !services.database.available()) co_return problem_of(seeded.error());
            continue;
        }
        used = *got;
        if (used.is != decision::kind::allowed) co_return too_many(used);
        break;
    }
    co_return co_await take_quota(services, who, std::move(day), used);
}

// Makes sure that the conversation is the caller's; a new one is created with its derived id.
awaitable<std::optional<problem>> own_conversation(
    services& services, const account& who, const message_order& order, conversation_id id) {
    if (order.conversation) {
        const auto own = co_await services.accounts.owns(who.id, id);
        if (!own) co_return problem_of(own.error());
        if (*own == ownership::none) co_return not_found("conversation");
        co_return std::nullopt;
    }
    postgres::transaction ask;
    ask.caller = who.id;
    ask.statements.push_back(sql::bind("conversations.create",
        {{"id", id}, {"companion_id", order.companion}, {"template_id", std::nullopt}, {"title", std::nullopt},
            {"model", std::nullopt}, {"system_prompt", std::nullopt}, {"request", ""}}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return not_found("companion");
    co_await services.responses.changed(who.id);
    co_return refusal_of(rows->front().text(0, 0));
}

// What the user says is in Kafka only as his key opens it.
void close_text(events::chat_requested& in, const seal::key& with) {
    in.content = seal::close(with, in.content, in.place("content"));
    if (auto& text = in.parameters.text; !text.empty())
        text = json::object().add("sealed", seal::close(with, text, in.place("parameters"))).text();
    in.sealed = true;
}

}  // namespace

std::optional<problem> check_content(std::string_view content, std::string_view pointer) {
    if (content.find_first_not_of(" \t\r\n") == std::string_view::npos) return invalid(pointer, "a text is needed");
    if (content.size() > most_content) return invalid(pointer, fmt::format("at most {} bytes", most_content));
    if (content.find('\0') != std::string_view::npos) return invalid(pointer, "no NUL characters");
    return std::nullopt;
}

awaitable<std::optional<problem>> take_rates(
    services& services, const account& who, std::string_view group, decision& used, std::string read) {
    if (!services.options.rate_limiting) co_return std::nullopt;
    auto windows = windows_of(who, group);
    if (windows.empty()) co_return std::nullopt;
    auto got = co_await services.limits.take(std::move(windows), std::nullopt, std::move(read));
    if (!got) co_return std::nullopt;
    used = std::move(*got);
    if (used.is == decision::kind::allowed) co_return std::nullopt;
    co_return too_many(used);
}

awaitable<std::variant<prepared_message, problem>> prepare_message(
    services& services, std::shared_ptr<const account> who, message_order order, request_trace trace, instant at) {
    if (auto wrong = check_content(order.content, "/content")) co_return std::move(*wrong);
    if (order.client_message_id.size() > 100) co_return invalid("/client_message_id", "at most 100 bytes");
    if (!order.model.empty() && !services.catalogue.rows()->offers(order.model, who->rank))
        co_return invalid("/model", "no model of your plan has this name");
    if (!services.publisher.available()) co_return problem_of(make_error_code(redis::errc::unavailable));
    if (!who->key) co_return problem_of(make_error_code(seal::errc::unknown_master));
    prepared_message out;
    out.client_message_id = order.client_message_id.empty() ? uuid::v7(at).text() : order.client_message_id;
    auto& ids = out.ids;
    ids.message = message_id::of(who->id.value, "message/" + out.client_message_id);
    ids.generation = generation_id::of(ids.message.value, "generation");
    ids.reply = message_id::of(ids.generation.value, "reply");
    ids.conversation =
        order.conversation.value_or(conversation_id::of(who->id.value, "conversation/" + out.client_message_id));
    if (order.listed)
        if (auto wrong = co_await own_conversation(services, *who, order, ids.conversation))
            co_return std::move(*wrong);
    quota day{who->id.text(), today(at), who->limit("messages/day").value_or(0), ids.message.text()};
    if (auto wrong = co_await take_all(services, *who, day, out.limits)) {
        if (out.limits.is != decision::kind::allowed) wrong->headers = rate_limit_headers(out.limits);
        co_return std::move(*wrong);
    }
    out.repeated = out.limits.repeated;
    if (out.repeated) {
        const auto first = co_await status_of(services, who->id, ids.generation);
        if (first && *first && (*first)->ids.conversation != ids.conversation)
            co_return problem{
                409, "CLIENT_MESSAGE_ID_USED", "this client_message_id is a message of another conversation"};
    }
    if (!out.repeated) out.counted = std::move(day);
    events::chat_requested event{ids.conversation, who->id, ids.message, ids.generation, ids.reply,
        out.client_message_id, order.content, "text", std::move(order.model), {std::move(order.parameters)},
        order.listed, at, std::move(order.replaces)};
    close_text(event, *who->key);
    out.content = std::move(order.content);
    out.event = events::envelope(event,
        {event_id::of(ids.generation.value, "requested"), "/airi/gateway", at, trace.traceparent, trace.request_id});
    out.request_id = std::move(trace.request_id);
    co_return out;
}

awaitable<std::optional<problem>> publish_message(
    services& services, std::shared_ptr<const account> who, const prepared_message& what) {
    std::vector<events::outgoing> batch;
    batch.push_back(what.event);
    if (const auto sent = co_await services.publisher.publish(std::move(batch)); !sent) {
        log::warn("message.not_published",
            {{"generation_id", what.ids.generation.text()}, {"error", sent.error().message()}});
        if (what.counted) co_await give_back(services, who->id, *what.counted);
        co_return problem_of(sent.error());
    }
    log::info("message.accepted", {{"generation_id", what.ids.generation.text()}, {"user_id", who->id.text()},
                                      {"request_id", what.request_id}, {"repeated", what.repeated}});
    if (what.repeated) co_return std::nullopt;
    const auto message = json::object()
                             .add("id", what.ids.message.text())
                             .add("conversation_id", what.ids.conversation.text())
                             .add("role", "user")
                             .add("content", what.content)
                             .add("content_type", "text")
                             .add("status", "accepted")
                             .add("client_message_id", what.client_message_id)
                             .add("generation_id", what.ids.generation.text())
                             .text();
    broadcast(services.redis, services.executor, events::channel_of(who->id), "message_created",
        json::object().add_raw("message", message).text());
    co_return std::nullopt;
}

}  // namespace airi::gateway
