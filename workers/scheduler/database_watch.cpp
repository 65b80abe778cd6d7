#include "workers/scheduler/database_watch.hpp"

#include <string>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"

namespace airi::workers::scheduler {

awaitable<> watch_database(postgres::database& database) {
    static auto& dead =
        metrics::gauge_of("airi_database_dead_rows", "Rows that a vacuum has to remove, of all tables.");
    static auto& age = metrics::gauge_of("airi_database_oldest_xid_age",
        "Transactions since the oldest one that is not frozen; at 2^31 the database stops.");
    static auto& slots = metrics::gauge_of(
        "airi_database_slot_bytes", "The write-ahead log that is kept for the replication slot farthest behind.");
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("scheduler.database_state", {}));
    if (!rows || rows->empty()) co_return;
    const auto state = json::document::parse(rows->text(0, 0));
    const auto root = state->root();
    dead.set(root["dead_rows"].integer().value_or(0));
    age.set(root["xid_age"].integer().value_or(0));
    slots.set(root["slot_bytes"].integer().value_or(0));
    root["warnings"].each([](json::value one) {
        const auto event = one["event"].string().value_or("");
        log::warn(event, {{"of", one["of"].string().value_or("")}, {"value", one["value"].integer().value_or(0)},
                             {"limit", one["limit"].integer().value_or(0)}});
    });
}

}  // namespace airi::workers::scheduler
