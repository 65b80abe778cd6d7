// For supers: the backups of the database, and requests of a manual one. Nothing is started here: a request waits for
// `deploy/backup.sh watch`.
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

using backup_id = id<struct backup_tag>;

awaitable<route_result> request_backup(exchange& exchange) {
    const auto id = exchange.new_id<backup_id>();
    const auto rows = co_await postgres::run_one(
        exchange.services.database, exchange.caller->id, sql::bind("backups.request", {{"id", id}}));
    if (!rows) co_return problem_of(rows.error());
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    co_return success(202, row);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/admin/backups",
        .name = "backups.request",
        .access = access::super,
        .handler = request_backup,
        .body_limit = small_body,
        .body = "Empty",
        .response = "Backup",
        .status = 202,
        .other_statuses = "409",
        .summary = "Request a manual backup; one waits at a time"},
    route{.method = verb::get,
        .path = "/admin/backups",
        .name = "backups.list",
        .access = access::super,
        .query = "Page",
        .response = "Backup[]",
        .summary = "List backups, newest first"},
    route{.method = verb::get,
        .path = "/admin/backups/{id}",
        .name = "backups.read",
        .access = access::super,
        .response = "Backup",
        .summary = "Get a backup: its size and digest, whether it was restored to prove it, or its error"},
};

}  // namespace

extern const std::span<const route> backups{rows};

}  // namespace airi::gateway::routes
