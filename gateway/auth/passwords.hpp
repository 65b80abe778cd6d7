// Passwords: the one place where they are set and the one where they are checked. Every check counts against the
// account and the place that it comes from, whether or not the user is signed in.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "gateway/auth/password_rules.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// The hash of a new password; 422 at `pointer` when the rules do not accept it.
awaitable<std::variant<std::string, problem>> hash_new_password(
    services&, const secret& given, const password_owner&, std::string_view pointer);

/// The account whose password is checked: the caller, or the account with this address.
struct password_subject {
    std::optional<user_id> caller;
    std::string email;
};

/// An account whose password was right.
struct password_account {
    std::optional<user_id> id;
    std::string password_hash, status, role, email;
    bool has_two_factor = false;
    std::string origin;  ///< where the attempt comes from, as it is counted
};

/// The account, when the password is right. 401 or, for a caller, 403 when it is wrong, 429 when this place has to
/// wait; accounts that do not exist answer alike and as fast. The attempt counts as a failed one until end_attempt().
awaitable<std::variant<password_account, problem>> check_password(
    services&, const request&, password_subject, const secret& given);

/// Ends an attempt with a right password. `outcome`: success, confirmed (of a caller), wrong_code (the second factor),
/// or open (no code was sent: it does not count). Best effort.
awaitable<> end_attempt(services&, const request&, const password_account&, std::string_view outcome);

/// The response to a change of a password: the numbers of sessions and API keys that ended with the old one.
std::string password_changed(std::size_t sessions, std::size_t api_keys);

/// Hashes the password again when the parameters have changed since it was made: `password_hash` is the one that is
/// stored afterwards. Best effort.
awaitable<> renew_hash(services&, password_account&, const secret& given);

}  // namespace airi::gateway
