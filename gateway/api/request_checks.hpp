// What is checked of a request before its route runs: what is switched off, the body and the query by their schemas.
#pragma once

#include <optional>

#include "gateway/api/route.hpp"

namespace airi::gateway {

/// 403 for what this installation has switched off: files (any body but JSON), speech.
std::optional<problem> switched_off(const gateway_options&, const route&);
/// 422 with every fault of the body at its JSON pointer; nothing when it is valid or the route takes none.
std::optional<problem> check_body(const route&, const std::optional<json::document>&);
/// Fills `exchange::query`; 400 with every fault by its parameter's name.
std::optional<problem> read_query(const route&, exchange&);

}  // namespace airi::gateway
