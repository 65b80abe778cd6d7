// Refusals that several ways of signing up and signing in have in common.
#pragma once

#include <string_view>

#include "gateway/http/problem.hpp"

namespace airi::gateway {

/// The problem for an outcome of account_create() other than success, at its member of the body.
problem signup_problem(std::string_view outcome);

inline problem wrong_credentials() { return {401, "WRONG_CREDENTIALS", "email or password is wrong"}; }
inline problem two_factor_required() { return {401, "TWO_FACTOR_REQUIRED", "a two-factor code is required"}; }
/// 401 while signing in, 403 for a caller who is signed in.
inline problem wrong_code(unsigned status) { return {status, "WRONG_CODE", "the code is wrong or was already used"}; }

}  // namespace airi::gateway
