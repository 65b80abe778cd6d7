// Replies under way: watching and cancelling a generation.
#include "gateway/messaging/generation_status.hpp"
#include "gateway/messaging/reply_stream.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

// Streams a generation from Last-Event-ID (or ?after=) on.
awaitable<route_result> watch(exchange& exchange) {
    const auto id = generation_id::parse(exchange.path.front());
    if (!id) co_return not_found("generation");
    auto token = exchange.request.header("last-event-id");
    if (token.empty()) token = exchange.request.parameter("after").value_or("");
    const auto seen = read_resume_token(token);
    if (!token.empty() && (!seen || seen->first != *id))
        co_return bad_request("Last-Event-ID must be an event id of this generation");
    const auto status = co_await status_of(exchange.services, exchange.caller->id, *id);
    if (!status) co_return problem_of(status.error());
    if (!*status) co_return not_found("generation");
    watch_scope watched(std::make_shared<generation_watch>(
        exchange.services, *exchange.caller, (*status)->ids, seen ? std::optional(seen->second) : std::nullopt));
    co_await watched->join();
    co_await watched->release(true);
    // Otherwise an EventSource would come again for ever.
    if (seen && watched->finished()) {
        response nothing;
        nothing.status = 204;
        co_return answer(std::move(nothing));
    }
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

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/generations/{id}/events",
        .name = "generations.events",
        .handler = watch,
        .response_media = "text/event-stream",
        .other_statuses = "204",
        .summary = "Stream a reply as server-sent events, from Last-Event-ID on; 204 when that was its end"},
    route{.method = verb::post,
        .path = "/generations/{id}/cancel",
        .name = "generations.cancel",
        .handler = cancel,
        .body_limit = small_body,
        .body = "Empty",
        .response = "Generation",
        .status = 202,
        .summary = "Cancel a reply"},
};

}  // namespace

extern const std::span<const route> generations{rows};

}  // namespace airi::gateway::routes
