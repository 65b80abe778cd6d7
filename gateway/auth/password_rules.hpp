// The rules for passwords that are set: 8 to 128 characters, none that is tried first, none made of what everybody
// knows of the account. No rule about kinds of characters. Used by passwords.hpp.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gateway/http/problem.hpp"
#include "platform/base/secret.hpp"

namespace airi::gateway {

/// What others know of an account.
struct password_owner {
    std::string email, display_name;
};

/// The form in which the password is stored and compared; 422 at `pointer` with the reason when it is not accepted.
std::variant<secret, problem> accept_password(
    const secret& given, const password_owner&, std::string_view product, std::string_view pointer);

}  // namespace airi::gateway
