// Signatures of other people's keys (RFC 7515, 7517, 7518): RS256 and ES256 verified, ES256 made. Used for the ID
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

/// None for any other: `none` and the ones with a shared secret verify nothing here.
std::optional<algorithm> algorithm_of(std::string_view name) noexcept;

/// A key that verifies one algorithm and no other. Immutable, cheap to copy, safe from any thread.
class public_key {
public:
    /// A member of a JWK set: RSA of 2048 to 8192 bits, or EC on P-256. None for anything else, for a point that is not
    /// on the curve, and for a key that is there for another use or algorithm.
    static std::optional<public_key> of_jwk(json::value jwk);

    algorithm kind() const noexcept { return kind_; }
    /// `signature` as JWS has it: for ES256 the 64 bytes of r and s.
    bool verify(std::string_view text, std::string_view signature) const;

private:
    public_key(algorithm kind, std::shared_ptr<const void> key) : kind_(kind), key_(std::move(key)) {}

    algorithm kind_;
    std::shared_ptr<const void> key_;
};

/// Signs with ES256.
class private_key {
public:
    /// A PEM file's text; none when it holds no private key on P-256.
    static std::optional<private_key> of_pem(const secret& pem);

    /// The 64 bytes of r and s.
    std::string sign(std::string_view text) const;

private:
    explicit private_key(std::shared_ptr<const void> key) : key_(std::move(key)) {}

    std::shared_ptr<const void> key_;
};

}  // namespace airi::signatures
