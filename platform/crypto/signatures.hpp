// Signatures with asymmetric keys (RFC 7515, 7517, 7518): verifies RS256 and ES256, signs with ES256. Used for the ID
// tokens of identity providers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/json.hpp"
#include "platform/base/secret.hpp"

namespace airi::signatures {

enum class algorithm { rs256, es256 };

/// None for any other algorithm: `none` and the algorithms with a shared secret are rejected.
std::optional<algorithm> algorithm_of(std::string_view name) noexcept;

/// A key for exactly one algorithm. Immutable, cheap to copy, thread safe.
class public_key {
public:
    /// Reads one key of a JWK set: RSA of 2048 to 8192 bits, or EC on P-256. None for anything else, for a point that
    /// is not on the curve, and for a key declared for another use or algorithm.
    static std::optional<public_key> of_jwk(json::value jwk);

    algorithm kind() const noexcept { return kind_; }
    /// `signature` as in JWS: for ES256 the 64 bytes of r and s.
    bool verify(std::string_view text, std::string_view signature) const;

private:
    public_key(algorithm kind, std::shared_ptr<const void> key) : kind_(kind), key_(std::move(key)) {}

    algorithm kind_;
    std::shared_ptr<const void> key_;
};

/// Signs with ES256.
class private_key {
public:
    /// Reads the text of a PEM file; none unless it contains a private key on P-256.
    static std::optional<private_key> of_pem(const secret& pem);

    /// Returns the 64 bytes of r and s.
    std::string sign(std::string_view text) const;

private:
    explicit private_key(std::shared_ptr<const void> key) : key_(std::move(key)) {}

    std::shared_ptr<const void> key_;
};

}  // namespace airi::signatures
