// Signing in with an e-mail address and a password.
#pragma once

#include <optional>
#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct credentials {
    std::string email;
    secret password;
    std::optional<std::string> code;  ///< of the second factor
};

/// Opens a session. With `restores` a deleted account that is not erased yet is restored first; without it the problem
/// says until when that is possible.
awaitable<route_result> log_in(services&, const request&, credentials, bool restores);

}  // namespace airi::gateway
