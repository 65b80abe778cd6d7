// The formats that a schema may name, each with the check of a text. Used by the validator and by tests of the schemas.
#pragma once

#include <string_view>

namespace airi::schema {

struct format {
    std::string_view name;
    bool (*fits)(std::string_view text);
    std::string_view fault;  ///< "is not a date (2026-01-31)"
};

/// date, date-time (both RFC 3339), uuid (RFC 9562), email (RFC 5321, a dot-atom in ASCII at a host with a dot), uri
/// (RFC 3986, with its scheme), cursor (the time and the id of a row, as in meta.next_cursor); password and binary,
/// which fit every text. Null for any other.
const format* find_format(std::string_view name);

}  // namespace airi::schema
