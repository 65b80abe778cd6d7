#include "gateway/messaging/submit_message.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "events/chat.hpp"
#include "events/frames/codec.hpp"
#include "events/frames/messages.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/messaging/quota.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "platform/base/utf8.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

// A message that has passed every check and is counted.
struct checked_message {
    accepted_message message;
    events::outgoing event;
    std::string request_id;
    std::string created_frame;     // message_created; empty for a message outside every conversation
    std::optional<quota> counted;  // to be taken back when the event cannot be published
};

std::string today(instant at) { return to_text(at).substr(0, 10); }

std::optional<problem> check_content(std::string_view content, std::int64_t most) {
    if (code_points(content) > static_cast<std::size_t>(most) ||
        content.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return invalid("/content", fmt::format("content must be 1 to {} characters and not only white space", most));
    if (content.find('\0') != std::string_view::npos)
        return invalid("/content", "content must not contain NUL characters");
    return std::nullopt;
}

std::optional<problem> check_order(const services& services, const account& sender, const message_order& order) {
    const auto rows = services.catalogue.rows();
    if (auto fault = check_content(order.content, rows->number("message_max_characters"))) return fault;
    if (code_points(order.client_message_id) > 100)
        return invalid("/client_message_id", "client_message_id must be at most 100 characters");
    if (!order.model.empty() && !rows->offers(order.model, sender)) return model_not_offered();
    if (!services.publisher.available()) return problem_of(make_error_code(redis::errc::unavailable));
    if (!sender.key) return problem_of(make_error_code(seal::errc::unknown_master));
    return std::nullopt;
}

events::generation_ids ids_of(const account& sender, const message_order& order, const std::string& client_message_id) {
    events::generation_ids ids;
    ids.message = message_id_of(sender.id, client_message_id);
    ids.generation = generation_id_of(ids.message);
    ids.reply = message_id::of(ids.generation.value, "reply");
    ids.conversation =
        order.conversation.value_or(conversation_id::of(sender.id.value, "conversation/" + client_message_id));
    return ids;
}

// Ensures that the conversation belongs to the sender; a new one is created with its derived id.
awaitable<std::optional<problem>> ensure_conversation(
    services& services, const account& sender, const message_order& order, conversation_id id) {
    if (order.conversation) {
        const auto owned = co_await services.accounts.owns(sender.id, id);
        if (!owned) co_return problem_of(owned.error());
        if (*owned == ownership::none) co_return not_found("conversation");
        co_return std::nullopt;
    }
    const auto rows = co_await postgres::run_one(services.database, sender.id,
        sql::bind("conversations.create",
            {{"id", id}, {"companion_id", order.companion}, {"avatar_id", order.avatar}, {"template_id", std::nullopt},
                {"title", std::nullopt}, {"model", std::nullopt}, {"system_prompt", std::nullopt}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("companion or avatar");
    co_await services.responses.invalidate(sender.id);
    co_return refusal_of(rows->text(0, 0));
}

// Kafka holds the text sealed with the sender's key only.
void seal_text(events::chat_requested& event, const seal::key& key) {
    event.content = seal::seal(key, event.content, event.place("content"));
    if (auto& text = event.parameters.text; !text.empty())
        text = json::object().add("sealed", seal::seal(key, text, event.place("parameters"))).text();
    event.sealed = true;
}

// Takes the order's texts, which may be long.
events::outgoing event_of(submission& in, const accepted_message& message) {
    const auto& ids = message.ids;
    events::chat_requested event{.conversation = ids.conversation,
        .user = in.sender->id,
        .message = ids.message,
        .generation = ids.generation,
        .reply = ids.reply,
        .client_message_id = message.client_message_id,
        .content = in.order.content,
        .model = std::move(in.order.model),
        .parameters = {std::move(in.order.parameters)},
        .listed = in.order.listed,
        .created_at = in.arrived,
        .replaces = std::move(in.order.replaces)};
    seal_text(event, *in.sender->key);
    return events::envelope(event, {.id = event_id::of(ids.generation.value, "requested"),
                                       .source = "/airi/gateway",
                                       .time = in.arrived,
                                       .traceparent = in.trace.traceparent,
                                       .request_id = in.trace.request_id});
}

std::string created_frame_of(const accepted_message& accepted, std::string_view content, instant arrived) {
    const auto& ids = accepted.ids;
    auto message = json::object()
                       .add("id", ids.message.text())
                       .add("conversation_id", ids.conversation.text())
                       .add("role", "user")
                       .add("content", content)
                       .add("content_type", "text")
                       .add("status", "accepted")
                       .add("client_message_id", accepted.client_message_id)
                       .add("generation_id", ids.generation.text())
                       .add("rating", std::optional<std::int64_t>{})
                       .add("created_at", to_text(arrived))
                       .add_raw("metadata", "{}")
                       .text();
    return events::encode_frame(events::frames::message_created{ids.conversation, {std::move(message)}});
}

// The receiver subscribes while the message is counted: neither needs the other, and both wait for Redis.
awaitable<std::optional<problem>> count_and_subscribe(
    awaitable<std::optional<problem>> counting, reply_receiver& receiver, const events::generation_ids& ids) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto fault = co_await (std::move(counting) && receiver.subscribe(ids));
    if (fault) receiver.rejected();
    co_return fault;
}

awaitable<std::variant<checked_message, problem>> check_message(
    services& services, submission in, reply_receiver& receiver) {
    const auto& sender = *in.sender;
    if (auto fault = check_order(services, sender, in.order)) co_return std::move(*fault);
    checked_message out;
    auto& [ids, client_message_id, repeated, limits] = out.message;
    client_message_id = in.order.client_message_id.empty() ? uuid::v7(in.arrived).text() : in.order.client_message_id;
    ids = ids_of(sender, in.order, client_message_id);
    if (in.order.listed)
        if (auto fault = co_await ensure_conversation(services, sender, in.order, ids.conversation))
            co_return std::move(*fault);
    quota day{.whose = sender.id.text(),
        .day = today(in.arrived),
        .max = sender.limit("messages/day").value_or(0),
        .member = ids.message.text()};
    const bool known = in.order.listed && in.order.conversation;
    auto deletion = known ? events::deletion_key(ids.conversation) : std::string{};
    if (auto fault = co_await count_and_subscribe(
            count_message(services, sender, day, in.order.rate_group, std::move(deletion), limits), receiver, ids))
        co_return std::move(*fault);
    repeated = limits.repeated;
    // Another gateway or thread may have deleted the conversation since its owner was cached.
    if (known && !limits.read.empty()) {
        services.accounts.forget(ids.conversation);
        if (auto fault = co_await ensure_conversation(services, sender, in.order, ids.conversation)) {
            receiver.rejected();
            if (!repeated) co_await uncount_message(services, sender.id, std::move(day));
            co_return std::move(*fault);
        }
    }
    if (repeated) {
        const auto first = co_await status_of(services, sender.id, ids.generation);
        if (first && *first && (*first)->ids.conversation != ids.conversation) {
            receiver.rejected();
            co_return problem{
                409, "CLIENT_MESSAGE_ID_USED", "client_message_id was already used in another conversation"};
        }
    } else {
        out.counted = std::move(day);
    }
    out.event = event_of(in, out.message);
    if (in.order.listed) out.created_frame = created_frame_of(out.message, in.order.content, in.arrived);
    out.request_id = std::move(in.trace.request_id);
    co_return out;
}

awaitable<std::optional<problem>> publish_message(services& services, user_id sender, const checked_message& in) {
    const auto& ids = in.message.ids;
    std::vector<events::outgoing> batch;
    batch.push_back(in.event);
    if (const auto sent = co_await services.publisher.publish(std::move(batch)); !sent) {
        log::warn(
            "message.not_published", {{"generation_id", ids.generation.text()}, {"error", sent.error().message()}});
        if (in.counted) co_await uncount_message(services, sender, *in.counted);
        co_return problem_of(sent.error());
    }
    log::info("message.accepted", {{"generation_id", ids.generation.text()}, {"user_id", sender.text()},
                                      {"request_id", in.request_id}, {"repeated", in.message.repeated}});
    if (!in.message.repeated && !in.created_frame.empty())
        for (auto channel : {events::channel_of(ids.conversation), events::channel_of(sender)})
            broadcast(services.redis, services.executor, std::move(channel), in.created_frame, ids.message);
    co_return std::nullopt;
}

}  // namespace

message_id message_id_of(user_id sender, std::string_view client_message_id) {
    return message_id::of(sender.value, "message/" + std::string(client_message_id));
}

generation_id generation_id_of(const message_id& message) { return generation_id::of(message.value, "generation"); }

awaitable<std::variant<accepted_message, problem>> submit_message(
    services& services, submission in, reply_receiver& receiver) {
    const auto sender = in.sender->id;
    auto checked = co_await check_message(services, std::move(in), receiver);
    if (auto* fault = std::get_if<problem>(&checked)) co_return std::move(*fault);
    auto& good = std::get<checked_message>(checked);
    if (auto fault = co_await publish_message(services, sender, good)) {
        receiver.rejected();
        co_return std::move(*fault);
    }
    co_await receiver.accepted(good.message);
    co_return std::move(good.message);
}

}  // namespace airi::gateway
