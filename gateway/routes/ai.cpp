// A question and its answer in one flat object, for clients that know no conversations: over the pipeline of messages.
#include "gateway/messaging/reply_stream.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t question_body = 512 * 1024;
constexpr seconds longest_wait{30};

// The reply as a message, or what is to be answered instead.
using reply = std::variant<json::document, route_result>;

awaitable<reply> reply_to(exchange& exchange, message_order order) {
    order.client_message_id = exchange.message_seed();
    order.model = exchange.text("model");
    order.rate_group = exchange.route.rate_group;
    auto submitted = co_await submit_and_watch(exchange.services, {.sender = exchange.caller,
                                                                      .order = std::move(order),
                                                                      .trace = exchange.request.trace(),
                                                                      .arrived = exchange.request.arrived});
    if (auto* fault = std::get_if<problem>(&submitted)) co_return route_result(std::move(*fault));
    auto& [message, watch] = std::get<watched_message>(submitted);
    auto got = co_await wait_for_reply(std::move(watch), message.ids, message.client_message_id, longest_wait);
    const auto* whole = std::get_if<answer>(&got);
    if (!whole || std::get<response>(*whole).status != 201) co_return std::move(got);
    auto parsed = json::document::parse(std::get<response>(*whole).body);
    if (!parsed) co_return route_result(problem_of(parsed.error()));
    co_return std::move(*parsed);
}

std::int64_t tokens_of(json::value message) {
    const auto metadata = message["metadata"];
    return metadata["tokens_in"].integer().value_or(0) + metadata["tokens_out"].integer().value_or(0);
}

awaitable<route_result> chat(exchange& exchange) {
    message_order order;
    order.content = exchange.text("message");
    order.listed = false;
    json::object parameters;
    if (const auto given = exchange.json()["max_tokens"].integer()) parameters.add("max_tokens", *given);
    if (const auto given = exchange.json()["temperature"].number()) parameters.add("temperature", *given);
    order.parameters = parameters.text();
    auto got = co_await reply_to(exchange, std::move(order));
    if (auto* other = std::get_if<route_result>(&got)) co_return std::move(*other);
    const auto message = std::get<json::document>(got).root()["data"];
    const auto metadata = message["metadata"];
    const auto provider = std::string(metadata["provider"].string().value_or(""));
    co_return success(200, json::object()
                               .add("response", message["content"].string().value_or(""))
                               .add("model_used", provider + ":" + std::string(metadata["model"].string().value_or("")))
                               .add("tokens_used", tokens_of(message))
                               .add("processing_time_ms", metadata["latency_ms"].integer().value_or(0))
                               .add("cost_usd", metadata["cost_nanousd"].number().value_or(0) / 1e9)
                               .add("generation_id", message["generation_id"].string())
                               .text());
}

awaitable<route_result> converse(exchange& exchange) {
    message_order order;
    order.content = exchange.text("message");
    order.conversation = conversation_id::parse(exchange.text("conversation_id"));
    order.avatar = exchange.optional_text("avatar_id");
    auto got = co_await reply_to(exchange, std::move(order));
    if (auto* other = std::get_if<route_result>(&got)) co_return std::move(*other);
    const auto message = std::get<json::document>(got).root()["data"];
    const auto metadata = message["metadata"];
    json::object data;
    data.add("message", message["content"].string().value_or(""))
        .add("conversation_id", message["conversation_id"].string())
        .add("message_id", message["id"].string())
        .add("tokens_used", tokens_of(message))
        .add("safety_state", metadata["safety_state"].string().value_or("NORMAL"))
        .add("crisis_detected", metadata["crisis_detected"].boolean().value_or(false))
        .add("sentiment_score", metadata["sentiment_score"].number());
    if (const auto lines = metadata["crisis_resources"]; lines.exists()) data.add_raw("crisis_resources", lines.text());
    co_return success(200, data.text());
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/ai/chat",
        .name = "ai.chat",
        .scope = "chat",
        .rate_group = "ai",
        .sends_message = true,
        .handler = chat,
        .body_limit = question_body,
        .body = "AiQuestion",
        .response = "AiAnswer",
        .other_statuses = "202 402 409",
        .summary = "Ask one question outside every conversation; 202 when the reply takes longer than 30 s"},
    route{.method = verb::post,
        .path = "/conversation",
        .name = "ai.converse",
        .scope = "chat",
        .sends_message = true,
        .handler = converse,
        .body_limit = question_body,
        .body = "AiMessage",
        .response = "AiReply",
        .other_statuses = "202 402 404 409",
        .summary = "Send a message to a conversation, or to a new one with an avatar; 202 when the reply takes longer "
                   "than 30 s"},
};

}  // namespace

extern const std::span<const route> ai{rows};

}  // namespace airi::gateway::routes
