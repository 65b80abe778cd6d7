// The meaning of each error of the server, by its SQLSTATE (PostgreSQL manual, appendix A). Used by connection.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

struct meaning {
    std::string_view state;  ///< five characters, or the two of a class
    errc code;
    std::string_view source = {};  ///< counts only when this function of the server raised it
    bool renews = false;           ///< the connection is of no use any more
};

/// `source` is the server's function that raised the error: only this distinguishes a missing grant from row-level
/// security. None for a state that the table lacks, such as one of an extension.
std::optional<meaning> meaning_of(std::string_view sqlstate, std::string_view source = {});

/// The remedy for a failed statement, for the log; empty where the code suffices.
std::string_view remedy(errc code, std::string_view sqlstate);

/// True when the primary message of this class contains no values and may be logged: it is about the statement, the
/// schema or the server. Data errors quote the bad value, and our own functions may.
bool message_is_safe(std::string_view sqlstate);

}  // namespace airi::postgres
