// Conversations and their messages; sending one over HTTP, waiting or streaming; watching and cancelling a generation.
#include <algorithm>
#include <charconv>

#include "gateway/body_faults.hpp"
#include "gateway/generation_status.hpp"
#include "gateway/routes/reply.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t small_body = 16 * 1024, message_body = 256 * 1024;
constexpr seconds longest_wait{30};

bool wants_events(const request& in) { return in.header("accept").find("text/event-stream") != std::string_view::npos; }

// RFC 7240: Prefer: wait=N, in seconds.
seconds wait_of(const request& in) {
    const auto prefer = in.header("prefer");
    const auto at = prefer.find("wait=");
    if (at == std::string_view::npos) return longest_wait;
    long long given = 0;
    std::from_chars(prefer.data() + at + 5, prefer.data() + prefer.size(), given);
    return std::clamp(seconds{given}, seconds{0}, longest_wait);
}

awaitable<handled> create(exchange& of) {
    const auto body = of.json();
    if (auto wrong = refuse_unknown(body, {"title", "companion_id", "model", "system_prompt"})) co_return std::move(*wrong);
    for (const std::string_view name : {"title", "companion_id", "model", "system_prompt"}) {
        const auto member = body[name];
        if (member.exists() && !member.is_null() && !member.string()) co_return invalid("/" + std::string(name), "a string");
    }
    const auto text = [&](std::string_view name) { return std::string(body[name].string().value_or("")); };
    if (text("title").size() > 200) co_return invalid("/title", "at most 200 bytes");
    if (text("system_prompt").size() > 8000) co_return invalid("/system_prompt", "at most 8000 bytes");
    if (text("model").size() > 100) co_return invalid("/model", "at most 100 bytes");
    if (const auto companion = text("companion_id"); !companion.empty() && !uuid::parse(companion)) co_return invalid("/companion_id", "a UUID");
    const auto key = of.in.header("idempotency-key");
    if (key.size() > 255) co_return bad_request("Idempotency-Key has at most 255 characters");
    const auto id = key.empty() ? conversation_id::fresh() : conversation_id::of(of.caller->id.value, "conversation/key/" + std::string(key));
    const auto asked = json::object().add("title", text("title")).add("companion_id", text("companion_id"))
                           .add("model", text("model")).add("system_prompt", text("system_prompt")).text();
    const auto request = key.empty() ? std::string() : digest::sha256_hex(asked);
    postgres::transaction make;
    make.caller = of.caller->id;
    make.statements.push_back(sql::bind("conversations.create", {{"id", id}, {"companion_id", text("companion_id")}, {"title", text("title")},
                                                                 {"model", text("model")}, {"system_prompt", text("system_prompt")},
                                                                 {"request", request}}));
    const auto rows = co_await of.use.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return not_found("companion");
    if (rows->front().text(0, 1) != request)
        co_return problem{422, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key came with another body before"};
    co_return success(201, rows->front().text(0, 0));
}

// The order of a send, from the body of either path; companion_id and conversationId as the older client has them too.
std::variant<message_order, problem> read_order(const exchange& of, std::optional<std::string_view> conversation) {
    const auto body = of.json();
    if (auto wrong = refuse_unknown(body, {"content", "client_message_id", "model", "attachments", "companion_id", "companionId",
                                           "conversation_id", "conversationId"}))
        return std::move(*wrong);
    const auto text = [&](std::string_view name, std::string_view other = {}) -> std::optional<std::string> {
        auto member = body[name];
        if (!member.exists() && !other.empty()) member = body[other];
        if (!member.exists() || member.is_null()) return std::string{};
        const auto found = member.string();
        return found ? std::optional(std::string(*found)) : std::nullopt;
    };
    message_order out;
    const auto content = text("content"), client = text("client_message_id"), model = text("model");
    const auto companion = text("companion_id", "companionId");
    const auto given = conversation ? std::optional(std::string(*conversation)) : text("conversation_id", "conversationId");
    if (!content) return invalid("/content", "a string");
    if (!client) return invalid("/client_message_id", "a string");
    if (!model) return invalid("/model", "a string");
    if (!companion || (!companion->empty() && !uuid::parse(*companion))) return invalid("/companion_id", "a UUID");
    out.content = *content;
    out.client_message_id = client->empty() ? std::string(of.in.header("idempotency-key")) : *client;
    out.model = *model;
    if (!companion->empty()) out.companion = companion_id::parse(*companion);
    if (!given || (!given->empty() && !uuid::parse(*given))) {
        if (conversation) return not_found("conversation");
        return invalid("/conversation_id", "a UUID");
    }
    if (!given->empty()) out.conversation = conversation_id::parse(*given);
    return out;
}

awaitable<handled> send_order(exchange& of, std::optional<std::string_view> conversation) {
    auto order = read_order(of, conversation);
    if (auto* wrong = std::get_if<problem>(&order)) co_return std::move(*wrong);
    auto prepared = co_await prepare_message(of.use, of.caller, std::get<message_order>(std::move(order)), {of.in.traceparent, of.in.id}, of.in.arrived);
    if (auto* wrong = std::get_if<problem>(&prepared)) co_return std::move(*wrong);
    const auto& message = std::get<prepared_message>(prepared);
    watch_scope watch(std::make_shared<generation_watch>(of.use, of.caller->id, message.ids));
    co_await watch->join();
    if (auto wrong = co_await publish_message(of.use, of.caller, message)) co_return std::move(*wrong);
    co_await watch->begin(message.repeated);
    auto limits = rate_limit_headers(message.limits);
    if (wants_events(of.in)) {
        auto stream = event_stream(std::move(watch));
        stream.head.headers.emplace_back("X-Generation-Id", message.ids.generation.text());
        for (auto& h : limits) stream.head.headers.push_back(std::move(h));
        co_return answer(std::move(stream));
    }
    auto out = co_await wait_for_reply(std::move(watch), message.ids, message.client_message_id, wait_of(of.in));
    if (auto* done = std::get_if<answer>(&out))
        for (auto& h : limits) std::get<response>(*done).headers.push_back(std::move(h));
    co_return out;
}

awaitable<handled> send(exchange& of) { return send_order(of, of.path.front()); }
awaitable<handled> send_anywhere(exchange& of) { return send_order(of, std::nullopt); }

// Watching a generation again, from Last-Event-ID (or ?after=) on.
awaitable<handled> watch(exchange& of) {
    const auto id = generation_id::parse(of.path.front());
    if (!id) co_return not_found("generation");
    auto token = of.in.header("last-event-id");
    if (token.empty()) token = of.in.parameter("after").value_or("");
    const auto seen = read_resume_token(token);
    if (!token.empty() && (!seen || seen->first != *id)) co_return bad_request("Last-Event-ID is not of this generation");
    const auto status = co_await status_of(of.use, of.caller->id, *id);
    if (!status) co_return problem_of(status.error());
    if (!*status) co_return not_found("generation");
    watch_scope watched(std::make_shared<generation_watch>(of.use, of.caller->id, (*status)->ids,
                                                           seen ? std::optional(seen->second) : std::nullopt));
    co_await watched->join();
    co_await watched->begin(true);
    co_return answer(event_stream(std::move(watched)));
}

awaitable<handled> cancel(exchange& of) {
    const auto id = generation_id::parse(of.path.front());
    if (!id) co_return not_found("generation");
    const auto status = co_await status_of(of.use, of.caller->id, *id);
    if (!status) co_return problem_of(status.error());
    if (!*status) co_return not_found("generation");
    if (const auto done = co_await cancel_generation(of.use, of.caller->id, *id); !done) co_return problem_of(done.error());
    co_return success(202, json::object().add("generation_id", id->text()).add("state", (*status)->state).text());
}

constexpr std::array rows{
    route{.method = verb::get, .path = "/conversations", .rows = {"conversations.list"}},
    route{.method = verb::post, .path = "/conversations", .run = create, .body_limit = small_body},
    route{.method = verb::get, .path = "/conversations/{id}", .rows = {"conversations.get"}},
    route{.method = verb::get, .path = "/conversations/{id}/messages", .rows = {"messages.list"}},
    route{.method = verb::post, .path = "/conversations/{id}/messages", .group = "chat", .run = send, .body_limit = message_body},
    route{.method = verb::get, .path = "/chat/conversations", .rows = {"conversations.list"}},
    route{.method = verb::get, .path = "/chat/conversations/{id}/messages", .rows = {"messages.list"}},
    route{.method = verb::post, .path = "/chat/messages", .group = "chat", .run = send_anywhere, .body_limit = message_body},
    route{.method = verb::get, .path = "/generations/{id}/events", .run = watch},
    route{.method = verb::post, .path = "/generations/{id}/cancel", .run = cancel, .body_limit = small_body},
};

}  // namespace

const std::span<const route> conversations{rows};

}  // namespace airi::gateway::routes
