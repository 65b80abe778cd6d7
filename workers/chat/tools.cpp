#include "workers/chat/tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "events/gaming.hpp"
#include "platform/base/json.hpp"
#include "platform/base/sleep.hpp"
#include "sql/search.hpp"
#include "sql/statements.hpp"
#include "workers/chat/calculator.hpp"
#include "workers/providers/games/tool_intent.hpp"

namespace airi::workers::chat {
namespace {

namespace games = providers::games;

constexpr seconds longest_game_wait{20};

awaitable<std::string> tell_time(postgres::database& database, tool_caller caller, std::string timezone) {
    if (timezone.empty()) timezone = "UTC";
    const auto rows =
        co_await postgres::run_one(database, caller.user, sql::bind("tools.time", {{"timezone", timezone}}));
    if (!rows) co_return "The time is not available.";
    co_return rows->empty() ? fmt::format("There is no time zone {}.", timezone) : std::string(rows->text(0, 0));
}

std::string compute(const std::string& expression) {
    const auto value = calculate(expression);
    return value ? fmt::format("{:.15g}", *value) : "This is not an expression that can be computed.";
}

awaitable<std::string> remember(postgres::database& database, tool_caller caller, std::string wanted) {
    const sql::search::query query(wanted);
    if (query.text().empty()) co_return "Nothing was found.";
    const auto rows = co_await postgres::run_one(database, caller.user,
        sql::bind("tools.memory_search", {{"words", query.text()}, {"conversation", caller.conversation}}));
    if (!rows) co_return "Earlier conversations are not available.";
    std::string out;
    for (std::size_t i = 0; i < rows->size(); ++i)
        out += fmt::format("{}{} {}: {}", i ? "\n" : "", rows->text(i, 0),
            rows->text(i, 1) == "user" ? "the user" : "you", rows->text(i, 2));
    co_return out.empty() ? "Nothing was found." : out;
}

// A verb of the companion in its game. The reply waits for its end, but not for that of a long walk.
awaitable<std::string> play(
    postgres::database& database, frame_channel& frames, tool_caller caller, providers::tool_call call) {
    const auto intent = games::intent_of(call.name, call.arguments);
    if (!intent) co_return "The arguments must be a JSON object.";
    const auto id = uuid::v5(
        caller.generation.value, fmt::format("game/{}/{}/{}", call.name, intent->arguments, caller.repetition));
    const auto as_written = json::object().add("name", call.name).add("arguments", call.arguments).text();
    const auto called = co_await postgres::run_one(database, caller.user,
        sql::bind("gaming.tool_call", {{"conversation", caller.conversation}, {"id", id}, {"verb", intent->verb},
                                          {"arguments", intent->arguments}, {"call", as_written}}));
    if (!called || called->empty()) co_return "The game is not available.";
    const auto row = json::document::parse(called->text(0, 0));
    if (!row) co_return "The game is not available.";
    if (const auto problem = row->root()["problem"]; problem.exists())
        co_return std::string(problem["message"].string().value_or(""));
    if (const auto session = gaming_session_id::parse(row->root()["session_id"].string().value_or("")))
        co_await frames.announce(
            {std::string(events::gaming_channel), events::gaming_wake{*session, "command"}.text()});
    const auto end = std::chrono::steady_clock::now() + longest_game_wait;
    for (auto pause = milliseconds{50}; std::chrono::steady_clock::now() < end && !caller.stopped();) {
        co_await sleep(pause);
        pause = std::min(2 * pause, milliseconds{400});
        const auto done =
            co_await postgres::run_one(database, caller.user, sql::bind("gaming.command_result", {{"id", id}}));
        if (done && !done->empty() && !done->is_null(0, 0)) co_return std::string(done->text(0, 0));
    }
    co_return "You are still doing it.";
}

}  // namespace

bool offers(std::string_view tools, std::string_view name) {
    const auto parsed = json::document::parse(tools);
    bool out = false;
    if (parsed) parsed->root().each([&](json::value each) { out = out || each["function"]["name"].string() == name; });
    return out;
}

awaitable<std::string> run_tool(
    postgres::database& database, frame_channel& frames, tool_caller caller, providers::tool_call call) {
    if (call.name.starts_with(games::tool_prefix))
        co_return co_await play(database, frames, std::move(caller), std::move(call));
    const auto given = json::document::parse(call.arguments);
    const auto argument = [&](std::string_view name) {
        return std::string(given ? given->root()[name].string().value_or("") : "");
    };
    if (call.name == "time") co_return co_await tell_time(database, caller, argument("timezone"));
    if (call.name == "calculator") co_return compute(argument("expression"));
    if (call.name == "memory_search") co_return co_await remember(database, caller, argument("query"));
    co_return fmt::format("There is no tool {}.", call.name);
}

}  // namespace airi::workers::chat
