// SHA-256, HMAC-SHA-256, base64url, and comparison in constant time. Used for the tokens, by the routes (stored token
// hashes, webhook signatures) and for the sessions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/secret.hpp"

namespace airi::digest {

/// 32 raw bytes.
std::string sha256(std::string_view text);
std::string hmac_sha256(const secret& key, std::string_view text);

std::string hex(std::string_view bytes);
/// None unless it is pairs of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);
inline std::string sha256_hex(std::string_view text) { return hex(sha256(text)); }
inline std::string hmac_sha256_hex(const secret& key, std::string_view text) { return hex(hmac_sha256(key, text)); }

/// RFC 4648 section 4, padded.
std::string base64(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
/// None for padding, characters outside the alphabet and unused bits that are not zero: each value has exactly one
/// encoding.
std::optional<std::string> from_base64url(std::string_view text);

/// Compares in constant time; only the lengths are not secret.
bool equal(std::string_view a, std::string_view b) noexcept;

}  // namespace airi::digest
