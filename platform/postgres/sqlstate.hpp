// Maps the server's errors to ours by their SQLSTATE (PostgreSQL manual, appendix A). Used by connection.cpp.
#pragma once

#include <string_view>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

/// An empty state is an error of the connection. `source` is the server's function that raised it: only this
/// distinguishes a missing grant from row-level security.
errc errc_of(std::string_view sqlstate, std::string_view source = {});

/// The remedy for a failed statement, for the log; empty where the code suffices.
std::string_view remedy(errc code, std::string_view sqlstate);

/// True when the primary message of this class contains no values and may be logged: it is about the statement, the
/// schema or the server. Data errors quote the bad value, and our own functions may.
bool message_is_safe(std::string_view sqlstate);

}  // namespace airi::postgres
