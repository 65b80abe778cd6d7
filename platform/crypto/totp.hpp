// One-time codes of authenticator apps: RFC 6238 with SHA-1, six digits, 30 s. Used by the gateway for the second
// factor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"

namespace airi::totp {

std::int64_t step_of(instant);
std::string code_of(std::string_view seed, std::int64_t step);
/// The step that the code belongs to, of the current one and the one before: nobody can know a code of the next step
/// by reading it off an app.
std::optional<std::int64_t> matching_step(std::string_view seed, std::string_view code, instant now);
/// RFC 4648 base32 without padding, as authenticator apps read a seed.
std::string base32(std::string_view bytes);

}  // namespace airi::totp
