// The rules for new passwords: 8 to 128 characters, not one of the most common, and not made of public texts of the
// account. No rule about kinds of characters. Used by passwords.hpp.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gateway/http/problem.hpp"
#include "platform/base/secret.hpp"

namespace airi::gateway {

/// The texts of an account that others may know.
struct password_owner {
    std::string email, display_name;
};

/// The form in which the password is stored and compared; 422 at `pointer` with the reason when it is not accepted.
std::variant<secret, problem> accept_password(
    const secret& given, const password_owner&, std::string_view product, std::string_view pointer);

}  // namespace airi::gateway
