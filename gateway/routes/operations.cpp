// For admins and supers: replays of topics, decisions about dead letters and moves of consumer groups. Requested here,
// carried out by the operations worker.
#include "events/operations.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// The operation and the event for the worker, in one transaction.
awaitable<route_result> request_operation(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    const auto id = exchange.new_id<operation_id>();
    const events::operation_requested event{id, exchange.caller->id, request.arrived};
    postgres::transaction create;
    create.caller = exchange.caller->id;
    create.statements.push_back(sql::bind("operations.request", {{"id", id}, {"body", exchange.body_text()}}));
    create.statements.push_back(
        bind_event("operations.publish", {{"id", id}}, event, event_id::of(id.value, "requested"), request.trace()));
    const auto rows = co_await services.database.run(std::move(create));
    if (!rows) co_return problem_of(rows.error());
    const auto row = rows->front().text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    wake_relay(services);
    co_return success(202, row);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/admin/operations",
        .name = "operations.request",
        .access = access::super,
        .handler = request_operation,
        .body_limit = text_body,
        .body = "OperationRequest",
        .response = "Operation",
        .status = 202,
        .summary = "Replay a topic, list or decide about dead letters, list or move consumer groups"},
    route{.method = verb::get,
        .path = "/admin/operations",
        .name = "operations.list",
        .access = access::admin,
        .query = "Page",
        .response = "Operation[]",
        .summary = "List operations, newest first"},
    route{.method = verb::get,
        .path = "/admin/operations/{id}",
        .name = "operations.read",
        .access = access::admin,
        .response = "Operation",
        .summary = "Get an operation with its progress and result"},
    route{.method = verb::post,
        .path = "/admin/operations/{id}/cancel",
        .name = "operations.cancel",
        .access = access::super,
        .body_limit = small_body,
        .body = "Empty",
        .response = "Operation",
        .other_statuses = "409",
        .summary = "Cancel an operation; a running one stops after its current batch"},
};

}  // namespace

extern const std::span<const route> operations{rows};

}  // namespace airi::gateway::routes
