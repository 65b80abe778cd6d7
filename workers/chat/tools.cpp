#include "workers/chat/tools.hpp"

#include <fmt/format.h>

#include "platform/base/json.hpp"
#include "sql/search.hpp"
#include "sql/statements.hpp"
#include "workers/chat/calculator.hpp"

namespace airi::workers::chat {
namespace {

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

}  // namespace

awaitable<std::string> run_tool(postgres::database& database, tool_caller caller, providers::tool_call call) {
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
