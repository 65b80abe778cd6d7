// The checks of a request before its route runs: access, switched-off features, body and query.
#pragma once

#include <optional>

#include "gateway/api/route.hpp"

namespace airi::gateway {

/// 403 when the account's state, its role or its API key's scopes do not reach to the route.
std::optional<problem> check_access(const route&, const account&);
/// Parses a JSON body into `exchange::body`; an omitted one is {}. 415 for a media type the route does not take, 400
/// and 422 for a text that is no JSON object or has NUL characters.
std::optional<problem> parse_body(exchange&);
/// 422 with every fault of the body at its JSON pointer; nothing when it is valid or the route takes none.
std::optional<problem> check_body(const exchange&);
/// Fills `exchange::query`; 400 with every fault by its parameter's name.
std::optional<problem> read_query(exchange&);

}  // namespace airi::gateway
