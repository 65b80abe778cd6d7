#include "platform/postgres/sqlstate.hpp"

#include "platform/base/error_table.hpp"

namespace airi::postgres {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::unavailable, "Postgres is unavailable", failure::outage},
    {errc::busy, "Postgres did not come to the statement in time", failure::outage},
    {errc::conflict, "conflict with another transaction", failure::outage},
    {errc::duplicate, "duplicate key", failure::refused},
    {errc::invalid, "value rejected by the schema", failure::refused},
    {errc::denied, "denied by row-level security", failure::refused},
    {errc::unmigrated, "a table, a column, a function or a grant is missing", failure::misconfigured},
    {errc::damaged, "the data of Postgres is damaged", failure::misconfigured},
    {errc::fenced, "another has changed it meanwhile", failure::again},
    {errc::broken, "statement failed", failure::broken},
};

// The first row that fits counts, so single states stand before their class. Every state of PostgreSQL 15 has a row; a
// state of the server counts against no record.
constexpr meaning meanings[] = {
    // The server is away, stops, starts, or lacks disk, memory, connections.
    {"08P01", errc::broken},  // a statement bound with the wrong number of parameters
    {"08", errc::unavailable},
    {"25006", errc::unavailable, {}, true},  // a standby: the primary is elsewhere
    {"25P03", errc::unavailable},            // the session was idle in a transaction for too long
    {"40003", errc::unavailable},            // the outcome is unknown
    {"53", errc::unavailable},
    {"57014", errc::busy},
    {"57", errc::unavailable},
    {"58", errc::unavailable},  // errors of the operating system
    {"F0", errc::unavailable},

    // It works, but others are in the way.
    {"55006", errc::busy},
    {"55P03", errc::busy},
    {"40002", errc::invalid},  // a constraint
    {"40", errc::conflict},
    {"72", errc::conflict},
    // A migration changed the statement's result, or the statement was deallocated: a new connection prepares it again.
    {"0A000", errc::conflict, "RevalidateCachedQuery", true},
    {"26", errc::conflict, {}, true},

    // An operator has to act: corrupted data; a missing role, database, schema, table, column, type, function, grant.
    {"XX001", errc::damaged},
    {"XX002", errc::damaged},
    {"0P", errc::unmigrated},
    {"28", errc::unmigrated},
    {"3D", errc::unmigrated},
    {"3F", errc::unmigrated},
    {"42501", errc::unmigrated, "aclcheck_error"},
    {"42703", errc::unmigrated},
    {"42704", errc::unmigrated},
    {"42883", errc::unmigrated},
    {"42P01", errc::unmigrated},

    // The input's fault.
    {"23505", errc::duplicate},
    {"22", errc::invalid},
    {"23", errc::invalid},
    {"44", errc::invalid},
    {"54011", errc::broken},
    {"54023", errc::broken},
    {"54", errc::invalid},  // too large for an index, nested too deeply
    {"42501", errc::denied},

    {"AI001", errc::fenced},

    // Mistakes in statements and functions.
    {"03", errc::broken},
    {"09", errc::broken},
    {"0A", errc::broken},
    {"0B", errc::broken},
    {"0F", errc::broken},
    {"0L", errc::broken},
    {"0Z", errc::broken},
    {"20", errc::broken},
    {"21", errc::broken},
    {"24", errc::broken},
    {"25", errc::broken},
    {"27", errc::broken},
    {"2B", errc::broken},
    {"2D", errc::broken},
    {"2F", errc::broken},
    {"34", errc::broken},
    {"38", errc::broken},
    {"39", errc::broken},
    {"3B", errc::broken},
    {"42", errc::broken},
    {"55", errc::broken},
    {"HV", errc::broken},
    {"P0", errc::broken},
    {"XX", errc::broken},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.postgres", error_rows);
    return table.code(e);
}

std::optional<meaning> meaning_of(std::string_view state, std::string_view source) {
    for (const auto& each : meanings)
        if (state.starts_with(each.state) && (each.source.empty() || each.source == source)) return each;
    return std::nullopt;
}

std::string_view remedy(errc code, std::string_view state) {
    if (code == errc::denied) return "the caller does not own the row, or a policy in sql/policies/ is missing";
    if (code == errc::busy) return "see pg_stat_activity and pg_blocking_pids() for the session that holds the lock";
    if (code == errc::damaged) return "reindex what the message names, or restore it from a backup";
    if (code != errc::unmigrated) return {};
    if (state == "42501")
        return "grant what the message names in sql/policies/, then run ./airi up or deploy/migrate.sh";
    return "run ./airi up or deploy/migrate.sh; what the message names must be in sql/migrations/ or sql/functions/";
}

bool message_is_safe(std::string_view state) {
    const auto family = state.substr(0, 2);
    return family != "22" && family != "23" && family != "P0" && family != "AI";
}

}  // namespace airi::postgres
