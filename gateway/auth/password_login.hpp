// Signing in with an e-mail address and a password.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct credentials {
    std::string email;
    secret password;
    std::optional<std::string> code;  ///< of the second factor
};

/// Checks a password as a login does: a wrong one counts, and none is accepted while the address is locked. The hash
/// that it matched.
awaitable<std::variant<std::string, problem>> verify_password(services&, const request&, credentials);

/// Opens a session. With `restores` a deleted account that is not erased yet is restored first; without it the problem
/// says until when that is possible.
awaitable<route_result> log_in(services&, const request&, credentials, bool restores);

}  // namespace airi::gateway
