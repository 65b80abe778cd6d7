#include "platform/postgres/sqlstate.hpp"

#include "platform/base/error_table.hpp"

namespace airi::postgres {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::unavailable, "Postgres is unavailable", failure::outage},
    {errc::conflict, "conflict with another transaction", failure::again},
    {errc::duplicate, "duplicate key", failure::refused},
    {errc::invalid, "value rejected by the schema", failure::refused},
    {errc::denied, "denied by row-level security", failure::refused},
    {errc::unmigrated, "a table, a column, a function or a grant is missing", failure::misconfigured},
    {errc::fenced, "the lease is lost", failure::again},
    {errc::broken, "statement failed", failure::broken},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.postgres", error_rows);
    return table.code(e);
}

errc errc_of(std::string_view state, std::string_view source) {
    const auto family = state.substr(0, 2);
    // A protocol violation is a statement bound with the wrong number of parameters, not a broken connection.
    if (state == "08P01") return errc::broken;
    // A read-only server is a standby: the primary is elsewhere.
    if (state.empty() || family == "08" || family == "53" || state.starts_with("57P") || state == "25006")
        return errc::unavailable;
    // The statement timeout (57014) too: it passes when the server is less busy, or the bounded attempts end.
    if (state == "40001" || state == "40P01" || state == "55P03" || state == "57014") return errc::conflict;
    if (state == "23505") return errc::duplicate;
    if (family == "23" || family == "22") return errc::invalid;
    // A missing schema, table, column, type, function or grant: no input is at fault.
    if (state == "3F000" || state == "42P01" || state == "42703" || state == "42704" || state == "42883" ||
        (state == "42501" && source == "aclcheck_error"))
        return errc::unmigrated;
    if (state == "42501") return errc::denied;
    if (state == "AI001") return errc::fenced;
    return errc::broken;
}

std::string_view remedy(errc code, std::string_view state) {
    if (code == errc::denied) return "the caller does not own the row, or a policy in sql/policies/ is missing";
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
