// Birth dates and parents' addresses, which Postgres has sealed with the users' keys. Used by the ways to sign up and
// by the few routes that show them.
#pragma once

#include <optional>
#include <string>

#include "gateway/services/services.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// The parameter :sealed of account_create(): a new user's fresh key, wrapped, and what it seals.
std::string seal_signup(const services&, user_id, const std::optional<std::string>& birth_date,
    const std::optional<std::string>& parent_email);

/// A stored birth date; none when the key does not open it.
std::optional<std::string> open_birth_date(const seal::key*, user_id, std::string_view stored);
/// The object with its member `birth_date` opened, or null.
std::string with_birth_date(json::value object, const seal::key*, user_id);

/// The address of the parent of the account's child; none when it has none.
awaitable<result<std::optional<std::string>>> find_parent(services&, const account&);

/// By which mails to a parent are counted without their address.
std::string recipient_of(const services&, std::string_view address);

}  // namespace airi::gateway
