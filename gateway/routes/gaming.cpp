// Sessions of games, in which a companion joins and acts: created, commanded and ended here, run by the gaming worker.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/frames/frame.hpp"
#include "events/frames/gaming.hpp"
#include "events/gaming.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "gateway/services/response_cache.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::string_view prefix = "/gaming/";

awaitable<> tell_worker(redis::client& redis, std::string what) {
    std::vector<std::string> publish{"PUBLISH", std::string(events::gaming_channel), std::move(what)};
    co_await redis.command(std::move(publish));
}

// Runs a statement that stores the event for the worker, and wakes who waits for it.
awaitable<route_result> store(exchange& exchange, std::string_view statement, std::vector<sql::argument> arguments,
    std::string tells, unsigned code) {
    auto& services = exchange.services;
    add_origin(arguments, event_id::fresh(), exchange.request.trace());
    const auto rows = co_await postgres::run_one(
        services.database, exchange.caller->id, sql::bind(sql::statement(statement), arguments));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found("session, conversation or companion");
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    wake_relay(services);
    boost::asio::co_spawn(services.executor, tell_worker(services.redis, std::move(tells)), boost::asio::detached);
    co_await services.responses.invalidate(exchange.caller->id);
    const auto session = json::document::parse(row);
    // What the worker does not push: a session that has not begun.
    if (const auto status = session ? session->root()["status"].string() : std::nullopt;
        status && *status != "active") {
        const auto root = session->root();
        const auto details = root["connection_details"];
        broadcast(services.redis, services.executor, events::channel_of(exchange.caller->id),
            events::encode_frame(events::frames::gaming_status_changed{exchange.caller->id,
                std::string(root["id"].string().value_or("")), std::string(*status),
                {details.exists() && !details.is_null() ? details.text() : std::string{}}}));
    }
    co_return success(code, row);
}

// The game is the row's path.
awaitable<route_result> start(exchange& exchange) {
    const auto id = exchange.new_id<gaming_session_id>();
    std::vector<sql::argument> arguments{
        {"id", id}, {"game", exchange.route.path.substr(prefix.size())}, {"body", exchange.body_text()}};
    co_return co_await store(exchange, "gaming.start", std::move(arguments), id.text() + " start", 201);
}

awaitable<route_result> stop(exchange& exchange) {
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("session");
    std::vector<sql::argument> arguments{{"id", *id}};
    co_return co_await store(exchange, "gaming.stop", std::move(arguments), id->text() + " end", 200);
}

awaitable<route_result> command(exchange& exchange) {
    const auto session = uuid::parse(exchange.path.front());
    if (!session) co_return not_found("session");
    const auto given = exchange.json()["arguments"];
    std::vector<sql::argument> arguments{{"session", *session}, {"id", exchange.new_id<game_command_id>()},
        {"verb", exchange.text("verb")}, {"arguments", given.exists() ? given.text() : std::string("{}")}};
    co_return co_await store(exchange, "gaming.command", std::move(arguments), session->text() + " command", 202);
}

constexpr route start_row(std::string_view path, std::string_view also, std::string_view name) {
    return route{.method = verb::post,
        .path = path,
        .also = also,
        .name = name,
        .needs = "gaming_integration",
        .rate_group = "gaming",
        .handler = start,
        .body_limit = small_body,
        .body = "GamingSessionStart",
        .response = "GamingSession",
        .status = 201,
        .other_statuses = "402 404 409 429",
        .summary = "Begin a session: a companion joins the game"};
}

constexpr std::array rows{
    start_row("/gaming/minecraft", "/gaming/minecraft/create-session", "gaming.start_minecraft"),
    start_row("/gaming/factorio", "", "gaming.start_factorio"),
    start_row("/gaming/roblox", "", "gaming.start_roblox"),
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
