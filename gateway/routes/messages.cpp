// Messages of conversations: sending them, waiting for the reply or streaming it; editing, rating, searching them.
#include <algorithm>
#include <charconv>

#include "gateway/api/cursor.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/messaging/reply_stream.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/search.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t message_body = 512 * 1024;
constexpr seconds cached_for{600};

// The order of a send, from the body of either path.
message_order read_order(const exchange& exchange, std::optional<conversation_id> conversation) {
    const auto either = [&](std::string_view name, std::string_view other) {
        const auto text = exchange.optional_text(name);
        return text ? *text : exchange.text(other);
    };
    message_order out;
    out.content = exchange.text("content");
    out.client_message_id = exchange.text("client_message_id");
    if (out.client_message_id.empty()) out.client_message_id = exchange.message_seed();
    out.model = exchange.text("model");
    out.companion = companion_id::parse(either("companion_id", "companionId"));
    out.conversation =
        conversation ? conversation : conversation_id::parse(either("conversation_id", "conversationId"));
    return out;
}

// The question that a message is to replace.
struct claimed_question {
    message_id id, replacement;
};

awaitable<route_result> send_order(
    exchange& exchange, message_order order, std::optional<claimed_question> claimed = std::nullopt) {
    auto submitted = co_await submit_and_watch(exchange.services, {.sender = exchange.caller,
                                                                      .order = std::move(order),
                                                                      .trace = exchange.request.trace(),
                                                                      .arrived = exchange.request.arrived});
    if (auto* fault = std::get_if<problem>(&submitted)) {
        if (claimed)
            co_await postgres::run_one(exchange.services.database, exchange.caller->id,
                sql::bind("messages.release_question", {{"question", claimed->id}, {"new", claimed->replacement}}));
        co_return std::move(*fault);
    }
    auto& [message, watch] = std::get<watched_message>(submitted);
    auto limits = rate_limit_headers(message.limits);
    if (wants_events(exchange.request)) {
        auto stream = event_stream(std::move(watch));
        stream.head.headers.emplace_back("X-Generation-Id", message.ids.generation.text());
        for (auto& h : limits) stream.head.headers.push_back(std::move(h));
        co_return answer(std::move(stream));
    }
    auto out =
        co_await wait_for_reply(std::move(watch), message.ids, message.client_message_id, wait_of(exchange.request));
    if (auto* done = std::get_if<answer>(&out))
        for (auto& h : limits) std::get<response>(*done).headers.push_back(std::move(h));
    co_return out;
}

awaitable<route_result> send(exchange& exchange) {
    const auto id = conversation_id::parse(exchange.path.front());
    if (!id) co_return not_found("conversation");
    co_return co_await send_order(exchange, read_order(exchange, id));
}
awaitable<route_result> send_anywhere(exchange& exchange) {
    return send_order(exchange, read_order(exchange, std::nullopt));
}

// Asks the question of a message again, with the body's content if there is one: it and all that came after it become
// an earlier version, and a new reply is generated. Of concurrent requests one claims the question.
awaitable<route_result> ask_again(exchange& exchange) {
    const auto conversation = conversation_id::parse(exchange.path[0]);
    const auto message = message_id::parse(exchange.path[1]);
    if (!conversation || !message) co_return not_found("message");
    auto order = read_order(exchange, conversation);
    if (order.client_message_id.empty()) order.client_message_id = uuid::v7(exchange.request.arrived).text();
    const auto replacement = message_id_of(exchange.caller->id, order.client_message_id);
    const auto rows = co_await postgres::run_one(exchange.services.database, exchange.caller->id,
        sql::bind("messages.claim_question", {{"id", *conversation}, {"message_id", *message}, {"new", replacement}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->is_null(0, 0)) co_return not_found("message");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    const auto question = json::document::parse(rows->text(0, 0));
    if (!question) co_return problem_of(question.error());
    order.replaces = question->root()["id"].string().value_or("");
    order.parameters = R"({"anew":true})";
    if (order.content.empty()) order.content = question->root()["content"].string().value_or("");
    std::optional<claimed_question> claimed;
    if (const auto id = message_id::parse(order.replaces); id && question->root()["claimed"].boolean().value_or(false))
        claimed = {*id, replacement};
    co_return co_await send_order(exchange, std::move(order), claimed);
}

awaitable<route_result> remove(exchange& exchange) {
    const auto conversation = conversation_id::parse(exchange.path[0]);
    const auto message = message_id::parse(exchange.path[1]);
    if (!conversation || !message) co_return not_found("message");
    const auto rows = co_await postgres::run_one(exchange.services.database, exchange.caller->id,
        sql::bind("messages.delete", {{"id", *conversation}, {"message_id", *message}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("message");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    if (const auto stopped = rows->id<generation_id>(0, 1)) co_await publish_cancellation(exchange.services, *stopped);
    co_return success(200, rows->text(0, 0));
}

// A page of messages by their words. Those of a language's dictionary are highlighted by the statement.
awaitable<route_result> search(exchange& exchange) {
    const auto& given = exchange.query;
    const auto optional = [&](std::string_view name) {
        const auto found = given.find(name);
        return found == given.end() ? std::nullopt : std::optional(found->second);
    };
    const sql::search::query query(given.find("q")->second);
    const auto limit = static_cast<std::size_t>(std::stoi(given.find("limit")->second));
    const auto rows = co_await postgres::run_one(exchange.services.database, exchange.caller->id,
        sql::bind("messages.search",
            {{"words", query.text()}, {"q", optional("q")}, {"language", optional("language")},
                {"conversation_id", optional("conversation_id")}, {"cursor", optional("cursor")}, {"limit", limit}}));
    if (!rows) co_return problem_of(rows.error());
    json::array found;
    std::optional<std::string> next;
    for (std::size_t i = 0; i < std::min(limit, rows->size()); ++i) {
        const auto [id, conversation, title, role, created, cursor, highlight, content] =
            rows->read<std::string_view, std::string_view, std::string_view, std::string_view, std::string_view,
                std::string_view, std::optional<std::string>, std::string_view>(i);
        found.add(json::object()
                .add("message_id", id)
                .add("conversation_id", conversation)
                .add("conversation_title", title)
                .add("role", role)
                .add("created_at", created)
                .add("highlight", highlight ? *highlight : query.highlighted(content)));
        if (i + 1 < rows->size()) next = opaque_cursor(cursor);
    }
    if (rows->size() <= limit) next.reset();
    co_return success(200, found.text(), json::object().add("next_cursor", next).text());
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/conversations/{id}/messages",
        .name = "messages.list",
        .query = "Page",
        .response = "Message[]",
        .summary = "List messages, newest last; the cursor pages back. meta.generating lists replies in progress",
        .cache_for = cached_for},
    route{.method = verb::post,
        .path = "/conversations/{id}/messages",
        .name = "messages.send",
        .scope = "chat",
        .sends_message = true,
        .handler = send,
        .body_limit = message_body,
        .body = "MessageSend",
        .response = "Message",
        .response_media = "text/event-stream",
        .status = 201,
        .other_statuses = "202 409",
        .summary = "Send a message; waits for the reply, or streams it with Accept: text/event-stream"},
    route{.method = verb::put,
        .path = "/conversations/{id}/messages/{message_id}",
        .name = "messages.edit",
        .scope = "chat",
        .sends_message = true,
        .handler = ask_again,
        .body_limit = message_body,
        .body = "MessageEdit",
        .response = "Message",
        .response_media = "text/event-stream",
        .status = 201,
        .other_statuses = "202 409",
        .summary = "Edit a message: later messages become an earlier version and a new reply is generated; responds "
                   "like sending"},
    route{.method = verb::post,
        .path = "/conversations/{id}/messages/{message_id}/regenerate",
        .name = "messages.regenerate",
        .scope = "chat",
        .sends_message = true,
        .handler = ask_again,
        .body_limit = message_body,
        .body = "MessageRegenerate",
        .response = "Message",
        .response_media = "text/event-stream",
        .status = 201,
        .other_statuses = "202 409",
        .summary = "Generate another reply to the same message; responds like sending"},
    route{.method = verb::get,
        .path = "/conversations/{id}/messages/{message_id}/versions",
        .name = "messages.versions",
        .response = "Message[]",
        .summary = "List the earlier versions of a message"},
    route{.method = verb::del,
        .path = "/conversations/{id}/messages/{message_id}",
        .name = "messages.delete",
        .handler = remove,
        .response = "DeletedMessage",
        .other_statuses = "409",
        .summary = "Delete a message; the reply to a question that is being answered is stopped"},
    route{.method = verb::put,
        .path = "/conversations/{id}/messages/{message_id}/rating",
        .name = "messages.rate",
        .body_limit = small_body,
        .body = "MessageRating",
        .response = "Message",
        .summary = "Rate a reply"},
    route{.method = verb::get,
        .path = "/search/messages",
        .name = "messages.search",
        .rate_group = "search",
        .handler = search,
        .query = "MessageSearch",
        .response = "FoundMessage[]",
        .summary = "Search the full text of the caller's messages",
        .cache_for = cached_for},
    route{.method = verb::get,
        .path = "/chat/conversations/{id}/messages",
        .name = "messages.list",
        .query = "Page",
        .response = "Message[]",
        .summary = "Same as /conversations/{id}/messages, without an envelope",
        .bare = true,
        .cache_for = cached_for},
    route{.method = verb::post,
        .path = "/chat/messages",
        .also = "/ai/conversation/message",
        .name = "messages.send_anywhere",
        .scope = "chat",
        .sends_message = true,
        .handler = send_anywhere,
        .body_limit = message_body,
        .body = "MessageSend",
        .response = "Message",
        .response_media = "text/event-stream",
        .status = 201,
        .other_statuses = "202 404 409",
        .summary = "Send a message to the conversation named in the body, or to a new one"},
};

}  // namespace

extern const std::span<const route> messages{rows};

}  // namespace airi::gateway::routes
