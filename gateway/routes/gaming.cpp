// Sessions of games, in which a companion joins and acts: created, commanded and ended here, run by the gaming worker.
#include "events/frames/gaming.hpp"
#include "events/frames/frame.hpp"
#include "events/gaming.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "gateway/services/response_cache.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Runs a statement that stores a request for the worker, and wakes the worker. A command is no event.
awaitable<route_result> store(exchange& exchange, std::string_view statement, std::vector<sql::argument> arguments,
    const events::gaming_wake& wake, unsigned code) {
    auto& services = exchange.services;
    const auto caller = exchange.caller->id;
    const bool is_event = wake.what != "command";
    if (is_event) add_origin(arguments, event_id::fresh(), exchange.request.trace());
    const auto rows =
        co_await postgres::run_one(services.database, caller, sql::bind(sql::statement(statement), arguments));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found("session, conversation or companion");
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    if (is_event) wake_relay(services);
    broadcast(services.redis, services.executor, std::string(events::gaming_channel), wake.text());
    co_await services.responses.invalidate(caller);
    // The worker announces what becomes of a session that it has begun, and the gateway what a request alone does.
    const auto stored = json::document::parse(row);
    const auto change = stored ? events::frames::gaming_status_changed::of(stored->root()) : std::nullopt;
    if (change && change->status != "active")
        broadcast(services.redis, services.executor, events::channel_of(caller), events::encode_frame(*change));
    co_return success(code, row);
}

awaitable<route_result> start(exchange& exchange) {
    const auto id = exchange.new_id<gaming_session_id>();
    const auto game = exchange.json()["game"].string().value_or("minecraft");
    std::vector<sql::argument> arguments{{"id", id}, {"game", std::string(game)}, {"body", exchange.body_text()}};
    co_return co_await store(exchange, "gaming.start", std::move(arguments), {id, "start"}, 201);
}

awaitable<route_result> stop(exchange& exchange) {
    const auto id = gaming_session_id::parse(exchange.path.front());
    if (!id) co_return not_found("session");
    std::vector<sql::argument> arguments{{"id", *id}};
    co_return co_await store(exchange, "gaming.stop", std::move(arguments), {*id, "end"}, 200);
}

awaitable<route_result> command(exchange& exchange) {
    const auto session = gaming_session_id::parse(exchange.path.front());
    if (!session) co_return not_found("session");
    const auto given = exchange.json()["arguments"];
    std::vector<sql::argument> arguments{{"session", *session}, {"id", exchange.new_id<game_command_id>()},
        {"verb", exchange.text("verb")}, {"arguments", given.exists() ? given.text() : std::string("{}")}};
    co_return co_await store(exchange, "gaming.command", std::move(arguments), {*session, "command"}, 202);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/gaming/sessions",
        .also = "/gaming/minecraft /gaming/minecraft/create-session",
        .name = "gaming.start",
        .needs = "gaming_integration",
        .rate_group = "gaming",
        .handler = start,
        .body_limit = small_body,
        .body = "GamingSessionStart",
        .response = "GamingSession",
        .status = 201,
        .other_statuses = "402 404 409 429",
        .summary = "Begin a session: a companion joins a game"},
    route{.method = verb::get,
        .path = "/gaming/sessions",
        .name = "gaming.list",
        .query = "Page",
        .response = "GamingSession[]",
        .summary = "List the caller's sessions of games, newest first"},
    route{.method = verb::get,
        .path = "/gaming/sessions/{id}",
        .name = "gaming.read",
        .response = "GamingSession",
        .summary = "Get a session with its connection details and what the companion sees"},
    route{.method = verb::post,
        .path = "/gaming/sessions/{id}/end",
        .name = "gaming.stop",
        .handler = stop,
        .body_limit = small_body,
        .body = "Empty",
        .response = "GamingSession",
        .summary = "End a session: the companion leaves, and the unused time is free again"},
    route{.method = verb::del,
        .path = "/gaming/sessions/{id}/players/{name}",
        .name = "gaming.revoke",
        .response = "GamingSession",
        .summary = "Take a player's right to command away"},
    route{.method = verb::post,
        .path = "/gaming/sessions/{id}/commands",
        .name = "gaming.command",
        .handler = command,
        .body_limit = small_body,
        .body = "GameCommandCreate",
        .response = "GameCommand",
        .status = 202,
        .other_statuses = "404 409 429",
        .summary = "Tell the companion to do something in the game"},
    route{.method = verb::get,
        .path = "/gaming/sessions/{id}/commands",
        .name = "gaming.commands",
        .query = "Page",
        .response = "GameCommand[]",
        .summary = "List the commands of a session with their results, newest first"},
    route{.method = verb::get,
        .path = "/gaming/sessions/{id}/chat",
        .name = "gaming.chat",
        .query = "Page",
        .response = "GameChatLine[]",
        .summary = "List what players said in the game, newest first"},
};

}  // namespace

extern const std::span<const route> gaming{rows};

}  // namespace airi::gateway::routes
