// The caller's notices, and those that administrators send.
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> send(exchange& exchange) {
    const auto& request = exchange.request;
    const auto& caller = exchange.caller->id;
    const auto id = exchange.new_id<event_id>();
    std::vector<sql::argument> arguments{{"body", exchange.body_text()}};
    add_origin(arguments, id, request.trace());
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller, sql::bind(sql::statement("notifications.send"), arguments));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found("user");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    wake_relay(exchange.services);
    co_return success(202, rows->text(0, 0));
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/notifications",
        .name = "notifications.list",
        .query = "NotificationPage",
        .response = "Notification[]",
        .summary = "List the caller's notices, newest first; meta.unread is the number of unread ones",
        .cache_for = seconds{600}},
    route{.method = verb::patch,
        .path = "/notifications/{id}/read",
        .name = "notifications.read",
        .body_limit = small_body,
        .body = "Empty",
        .response = "Notification",
        .summary = "Mark a notice as read"},
    route{.method = verb::del,
        .path = "/notifications/{id}",
        .name = "notifications.delete",
        .response = "Id",
        .summary = "Delete a notice"},
    route{.method = verb::post,
        .path = "/notifications/send",
        .name = "notifications.send",
        .access = access::admin,
        .handler = send,
        .body_limit = small_body,
        .body = "NotificationSend",
        .response = "NotificationSent",
        .status = 202,
        .other_statuses = "404",
        .summary = "Send a notice to a user"},
};

}  // namespace

extern const std::span<const route> notifications{rows};

}  // namespace airi::gateway::routes
