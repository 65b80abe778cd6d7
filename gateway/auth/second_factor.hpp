// The second factor: codes of an authenticator app, and recovery codes. The one place where a code is checked.
#pragma once

#include <optional>
#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Uses a code of the user's up; the problem `wrong_code(status)` when it is wrong, was used before, or comes within 15
/// minutes of ten wrong ones. A wrong one is in the login history.
awaitable<std::optional<problem>> check_second_factor(
    services&, const request&, user_id, const std::string& code, unsigned status = 401);

/// The claim of a code, as JSON for the statements that use it up together with something else, such as a link:
/// two_factor_accept() in sql/functions/two_factor.sql, which records a wrong one with the request's origin.
awaitable<result<std::string>> claim_of_code(services&, const request&, user_id, const std::string& code);

/// A new seed, sealed with the user's key, to be stored. `seed`: its bytes.
std::string seal_seed(const seal::key&, user_id, std::string_view seed);

struct recovery_code {
    std::string shown;  ///< 128 bits in groups
    /// SHA-256. It needs neither salt nor key nor a slow hash: nobody can try 2^128 codes.
    std::string hash;

    static recovery_code fresh();
};

}  // namespace airi::gateway
