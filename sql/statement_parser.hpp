// Reads query files: the named statements of sql/queries, with named parameters. Used by statements.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "platform/postgres/postgres.hpp"

namespace airi::sql {

/// The statements of a query file. `-- name: domain.verb` starts a statement, which ends before the next such line.
/// Comments are dropped, `:parameter` becomes $1…$n (the same number each time); an array slice needs a space after its
/// colon: `a[1: n]`. `(batch)` after the name: a batch statement (postgres::prepared::batch). Throws
/// std::invalid_argument that names file and line.
std::vector<postgres::prepared> parse(std::string_view file, std::string_view text);

}  // namespace airi::sql
