// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a request that comes again within a day is not carried
// out again but answered as before. By user, or address, and route. Used by the dispatcher for every route that takes
// keys; docs/decisions/0012.
#pragma once

#include <string>
#include <variant>

#include "gateway/api/route.hpp"

namespace airi::gateway {

inline constexpr std::size_t longest_idempotency_key = 255;

/// POST, and other methods that send messages, unless the row has a reason not to.
bool takes_idempotency_key(const route&);
bool has_idempotency_key(const request&);

/// A request with a key that is to be carried out.
struct begun_request {
    std::string id;
    seal::key key;  ///< seals the answer
};

/// Sets the exchange's `seed` and `first_arrived` for a request that is to be carried out. Otherwise its answer: the
/// first one's; 400 for a malformed key, 409 while the first one runs, 422 when the key was used for another request.
awaitable<std::variant<begun_request, route_result>> begin_once(exchange&);
/// Stores a success; what failed changed nothing and may be tried again.
awaitable<> end_once(exchange&, begun_request, const route_result&);

}  // namespace airi::gateway
