// What an error of the server means to a caller, by its SQLSTATE (PostgreSQL manual, appendix A). Used by
// connection.cpp.
#pragma once

#include <string_view>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

/// An empty state is an error without the server's word: the connection broke. `source` is the server's function that
/// raised it: only this tells a missing grant from row-level security.
errc errc_of(std::string_view sqlstate, std::string_view source = {});

/// True when the primary message of this class names no values, so that it may be logged: the server wrote it
/// about the statement, the schema or itself. Data errors quote the bad value, and our own functions may.
bool message_is_safe(std::string_view sqlstate);

}  // namespace airi::postgres
