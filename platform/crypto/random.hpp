// Unpredictable values from the operating system. Used for refresh tokens, one-time codes, API keys and CSRF
// tokens.
#pragma once

#include <cstddef>
#include <string>

namespace airi::random {

std::string bytes(std::size_t count);
/// base64url of `count` unpredictable bytes; 32 bytes give 43 characters.
std::string token(std::size_t count = 32);

}  // namespace airi::random
