// Gauges and warnings about the rows that autovacuum has left, and about limits at which the database stops.
#pragma once

#include "platform/postgres/postgres.hpp"

namespace airi::workers::scheduler {

/// Sets the gauges airi_database_dead_rows, _oldest_xid_age and _slot_bytes, and warns (database.needs_vacuum,
/// database.xid_age, database.slot_behind) by the limits in sql/functions/database_watch.sql. Does nothing when the
/// database does not answer.
awaitable<> watch_database(postgres::database&);

}  // namespace airi::workers::scheduler
