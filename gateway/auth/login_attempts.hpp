// The history of sign-in attempts.
#pragma once

#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Records a sign-in attempt, for known and unknown e-mail addresses alike. Best effort: the sign-in goes on when it
/// fails. `outcome`: success, wrong_password, wrong_code, locked.
awaitable<> record_login_attempt(
    services&, const request&, std::string email, std::optional<user_id>, std::string_view outcome);

}  // namespace airi::gateway
