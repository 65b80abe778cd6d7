// Conversations and their messages; sending one over HTTP, waiting or streaming; watching and cancelling a generation.
#include <algorithm>
#include <charconv>

#include "events/frames/conversations.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/messaging/reply_stream.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t message_body = 256 * 1024;
constexpr seconds longest_wait{30};
constexpr auto changed = announce<events::frames::conversation_updated>;

constexpr route exported{.method = verb::get, .path = "/conversations/{id}/export", .name = "conversations.export"};

bool wants_events(const request& request) {
    return request.header("accept").find("text/event-stream") != std::string_view::npos;
}

// RFC 7240: Prefer: wait=N, in seconds.
seconds wait_of(const request& request) {
    const auto prefer = request.header("prefer");
    const auto at = prefer.find("wait=");
    if (at == std::string_view::npos) return longest_wait;
    long long given = 0;
    std::from_chars(prefer.data() + at + 5, prefer.data() + prefer.size(), given);
    return std::clamp(seconds{given}, seconds{0}, longest_wait);
}

std::optional<std::string> text_of(const json::value& body, std::string_view name) {
    const auto text = body[name].string();
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

awaitable<route_result> create(exchange& exchange) {
    const auto body = exchange.json();
    const auto key = exchange.request.header("idempotency-key");
    if (key.size() > 255) co_return bad_request("Idempotency-Key has at most 255 characters");
    const auto id = key.empty()
                        ? conversation_id::fresh()
                        : conversation_id::of(exchange.caller->id.value, "conversation/key/" + std::string(key));
    const auto request = key.empty() ? std::string() : digest::sha256_hex(body.text());
    postgres::transaction make;
    make.caller = exchange.caller->id;
    make.statements.push_back(sql::bind("conversations.create",
        {{"id", id}, {"companion_id", text_of(body, "companion_id")}, {"template_id", text_of(body, "template_id")},
            {"title", text_of(body, "title")}, {"model", text_of(body, "model")},
            {"system_prompt", text_of(body, "system_prompt")}, {"request", request}}));
    const auto rows = co_await exchange.services.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return not_found("companion or template");
    if (auto refused = refusal_of(rows->front().text(0, 0))) co_return std::move(*refused);
    if (rows->front().text(0, 1) != request)
        co_return problem{422, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key came with another body before"};
    co_return success(201, rows->front().text(0, 0));
}

// A conversation to keep: its JSON, or Markdown for people.
awaitable<route_result> export_one(exchange& exchange) {
    if (exchange.query["format"] == "json") co_return co_await answer_data(exchange, exported);
    auto got = co_await answer_data(exchange, exported);
    const auto* whole = std::get_if<answer>(&got);
    if (!whole) co_return got;
    const auto parsed = json::document::parse(std::get<response>(*whole).body);
    const auto data = parsed->root()["data"];
    const auto text = [](json::value v) { return std::string(v.string().value_or("")); };
    response out;
    out.content_type = "text/markdown; charset=utf-8";
    out.headers.emplace_back("Content-Disposition", "attachment; filename=\"conversation.md\"");
    out.body = "# " +
               (text(data["conversation"]["title"]).empty() ? "Conversation" : text(data["conversation"]["title"])) +
               "\n";
    data["messages"].each([&](json::value m) {
        out.body += "\n## " + text(m["role"]) + ", " + text(m["created_at"]) + "\n\n" + text(m["content"]) + "\n";
    });
    co_return answer(std::move(out));
}

// The order of a send, from the body of either path.
message_order read_order(const exchange& exchange, std::optional<conversation_id> conversation) {
    const auto body = exchange.json();
    const auto either = [&](std::string_view name, std::string_view other) {
        const auto text = text_of(body, name);
        return text ? *text : text_of(body, other).value_or("");
    };
    message_order out;
    out.content = text_of(body, "content").value_or("");
    out.client_message_id = text_of(body, "client_message_id").value_or("");
    if (out.client_message_id.empty()) out.client_message_id = exchange.request.header("idempotency-key");
    out.model = text_of(body, "model").value_or("");
    out.companion = companion_id::parse(either("companion_id", "companionId"));
    out.conversation =
        conversation ? conversation : conversation_id::parse(either("conversation_id", "conversationId"));
    return out;
}

awaitable<route_result> send_order(exchange& exchange, message_order order) {
    auto submitted = co_await submit_and_watch(exchange.services, {.sender = exchange.caller,
                                                                      .order = std::move(order),
                                                                      .trace = exchange.request.trace(),
                                                                      .arrived = exchange.request.arrived});
    if (auto* fault = std::get_if<problem>(&submitted)) co_return std::move(*fault);
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

// The question of a message asked anew, in other words when the body has them: it and all that came after it become an
// earlier version, and a new reply is made.
awaitable<route_result> ask_anew(exchange& exchange) {
    const auto conversation = conversation_id::parse(exchange.path[0]);
    const auto message = message_id::parse(exchange.path[1]);
    if (!conversation || !message) co_return not_found("message");
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("messages.question", {{"id", *conversation}, {"message_id", *message}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return not_found("message");
    auto order = read_order(exchange, conversation);
    order.replaces = rows->front().text(0, 0);
    order.parameters = R"({"anew":true})";
    if (order.content.empty()) order.content = rows->front().text(0, 1);
    co_return co_await send_order(exchange, std::move(order));
}

// Watching a generation again, from Last-Event-ID (or ?after=) on.
awaitable<route_result> watch(exchange& exchange) {
    const auto id = generation_id::parse(exchange.path.front());
    if (!id) co_return not_found("generation");
    auto token = exchange.request.header("last-event-id");
    if (token.empty()) token = exchange.request.parameter("after").value_or("");
    const auto seen = read_resume_token(token);
    if (!token.empty() && (!seen || seen->first != *id))
        co_return bad_request("Last-Event-ID is not of this generation");
    const auto status = co_await status_of(exchange.services, exchange.caller->id, *id);
    if (!status) co_return problem_of(status.error());
    if (!*status) co_return not_found("generation");
    watch_scope watched(std::make_shared<generation_watch>(
        exchange.services, exchange.caller->id, (*status)->ids, seen ? std::optional(seen->second) : std::nullopt));
    co_await watched->join();
    co_await watched->release(true);
    co_return answer(event_stream(std::move(watched)));
}

awaitable<route_result> cancel(exchange& exchange) {
    const auto id = generation_id::parse(exchange.path.front());
    if (!id) co_return not_found("generation");
    const auto status = co_await status_of(exchange.services, exchange.caller->id, *id);
    if (!status) co_return problem_of(status.error());
    if (!*status) co_return not_found("generation");
    if (const auto done = co_await cancel_generation(exchange.services, exchange.caller->id, *id); !done)
        co_return problem_of(done.error());
    co_return success(202, json::object().add("generation_id", id->text()).add("state", (*status)->state).text());
}

// Search is the dearest of them; all are as fresh as the last change.
constexpr seconds kept_for{600};

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/conversations",
        .name = "conversations.list",
        .query = "ConversationFilter",
        .answers = "Conversation[]",
        .about = "The caller's conversations, those that were talked in last first",
        .keep = kept_for},
    route{.method = verb::post,
        .path = "/conversations",
        .name = "conversations.create",
        .run = create,
        .body_limit = small_body,
        .body = "ConversationCreate",
        .answers = "Conversation",
        .status = 201,
        .also = "404",
        .about = "Begin one",
        .announces = changed},
    route{.method = verb::get,
        .path = "/conversations/{id}",
        .name = "conversations.get",
        .answers = "Conversation",
        .about = "One",
        .keep = kept_for},
    route{.method = verb::put,
        .path = "/conversations/{id}",
        .name = "conversations.update",
        .body_limit = small_body,
        .body = "ConversationUpdate",
        .answers = "Conversation",
        .about = "Change title, star, archive, tags, system prompt or model",
        .announces = changed},
    route{.method = verb::patch,
        .path = "/conversations/{id}",
        .name = "conversations.update",
        .body_limit = small_body,
        .body = "ConversationUpdate",
        .answers = "Conversation",
        .about = "The same as PUT: what is not named stays",
        .announces = changed},
    route{.method = verb::del,
        .path = "/conversations/{id}",
        .name = "conversations.delete",
        .answers = "Conversation",
        .about = "Delete; it can be restored",
        .announces = changed},
    route{.method = verb::post,
        .path = "/conversations/{id}/restore",
        .name = "conversations.restore",
        .body_limit = small_body,
        .body = "Empty",
        .answers = "Conversation",
        .about = "Undo a deletion",
        .announces = changed},
    route{.method = verb::post,
        .path = "/conversations/{id}/read",
        .name = "conversations.read",
        .body_limit = small_body,
        .body = "Empty",
        .answers = "Conversation",
        .about = "All that is in it has been read",
        .announces = changed},
    route{.method = verb::get,
        .path = "/conversations/{id}/export",
        .name = "conversations.export",
        .run = export_one,
        .query = "ExportFormat",
        .answers = "ConversationExport",
        .media = "text/markdown",
        .about = "The whole conversation, as JSON or Markdown"},
    route{.method = verb::get,
        .path = "/conversations/{id}/messages",
        .name = "messages.list",
        .query = "Page",
        .answers = "Message[]",
        .about = "Messages, newest last; the cursor reads further back. meta.generating: replies under way",
        .keep = kept_for},
    route{.method = verb::post,
        .path = "/conversations/{id}/messages",
        .name = "messages.send",
        .group = "chat",
        .run = send,
        .body_limit = message_body,
        .body = "MessageSend",
        .answers = "Message",
        .media = "text/event-stream",
        .status = 201,
        .also = "202 409",
        .about = "Say something; waits for the reply, or streams it with Accept: text/event-stream"},
    route{.method = verb::put,
        .path = "/conversations/{id}/messages/{message_id}",
        .name = "messages.edit",
        .group = "chat",
        .run = ask_anew,
        .body_limit = message_body,
        .body = "MessageEdit",
        .answers = "Message",
        .media = "text/event-stream",
        .status = 201,
        .also = "202 409",
        .about = "Say it in other words: what came after becomes an earlier version, and a new reply is made; answers "
                 "as sending does"},
    route{.method = verb::post,
        .path = "/conversations/{id}/messages/{message_id}/regenerate",
        .name = "messages.regenerate",
        .group = "chat",
        .run = ask_anew,
        .body_limit = message_body,
        .body = "MessageRegenerate",
        .answers = "Message",
        .media = "text/event-stream",
        .status = 201,
        .also = "202 409",
        .about = "Another reply to the same question; answers as sending does"},
    route{.method = verb::get,
        .path = "/conversations/{id}/messages/{message_id}/versions",
        .name = "messages.versions",
        .answers = "Message[]",
        .about = "What a question took the place of"},
    route{.method = verb::del,
        .path = "/conversations/{id}/messages/{message_id}",
        .name = "messages.delete",
        .answers = "DeletedMessage",
        .about = "Delete a message"},
    route{.method = verb::put,
        .path = "/conversations/{id}/messages/{message_id}/rating",
        .name = "messages.rate",
        .body_limit = small_body,
        .body = "MessageRating",
        .answers = "Message",
        .about = "Rate a reply"},
    route{.method = verb::get,
        .path = "/search/messages",
        .name = "messages.search",
        .query = "MessageSearch",
        .answers = "FoundMessage[]",
        .about = "Full-text search over the caller's messages",
        .keep = kept_for},
    route{.method = verb::get,
        .path = "/conversation-templates",
        .name = "templates.list",
        .answers = "Template[]",
        .about = "Everybody's templates and the caller's"},
    route{.method = verb::post,
        .path = "/conversation-templates",
        .name = "templates.create",
        .body_limit = small_body,
        .body = "TemplateCreate",
        .answers = "Template",
        .status = 201,
        .also = "404",
        .about = "Keep a template"},
    route{.method = verb::del,
        .path = "/conversation-templates/{id}",
        .name = "templates.delete",
        .answers = "Id",
        .about = "Delete a template"},
    route{.method = verb::get,
        .path = "/chat/conversations",
        .name = "conversations.list",
        .query = "ConversationFilter",
        .answers = "Conversation[]",
        .about = "The same as /conversations",
        .keep = kept_for},
    route{.method = verb::get,
        .path = "/chat/conversations/{id}/messages",
        .name = "messages.list",
        .query = "Page",
        .answers = "Message[]",
        .about = "The same as /conversations/{id}/messages",
        .keep = kept_for},
    route{.method = verb::post,
        .path = "/chat/messages",
        .name = "messages.send_anywhere",
        .group = "chat",
        .run = send_anywhere,
        .body_limit = message_body,
        .body = "MessageSend",
        .answers = "Message",
        .media = "text/event-stream",
        .status = 201,
        .also = "202 404 409",
        .about = "Say something, in a conversation of the body or a new one"},
    route{.method = verb::get,
        .path = "/generations/{id}/events",
        .name = "generations.events",
        .run = watch,
        .media = "text/event-stream",
        .about = "A reply as server-sent events"},
    route{.method = verb::post,
        .path = "/generations/{id}/cancel",
        .name = "generations.cancel",
        .run = cancel,
        .body_limit = small_body,
        .answers = "Generation",
        .status = 202,
        .about = "Stop a reply"},
};

}  // namespace

const std::span<const route> conversations{rows};

}  // namespace airi::gateway::routes
