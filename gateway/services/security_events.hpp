// Security events: lines of the log by which an operator sees an attack, each counted too. They never hold a
// credential, an address of a person's mail or a text.
#pragma once

#include <string_view>

#include "gateway/http/problem.hpp"
#include "gateway/services/account_cache.hpp"

namespace airi::gateway {

/// The caller of a request or the sender of a frame. `operation`: the route's name, "websocket" or "websocket.frame".
struct acting_caller {
    std::string_view operation, address, request_id;
    const account* account = nullptr;  ///< null: unknown
};

/// Writes the event of a refusal to authenticate (401), to authorise (403) or to serve so often (429); no other
/// problem is one. Its types are those of the OWASP Logging Vocabulary: authn_fail, authz_fail,
/// excess_rate_limit_exceeded (https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html).
void record_refusal(const problem&, const acting_caller&);

/// Writes that the caller has made, changed or removed one of their credentials.
void record_credential_change(const acting_caller&);

}  // namespace airi::gateway
