// ID tokens (OpenID Connect Core 3.1.3.7): verified here and nowhere else. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/crypto/signatures.hpp"

namespace airi::workers::oauth {

/// All are failure::refused. unknown_key: no key of that id; a newer key set may have it. rejected: the provider
/// rejects the code. unfit: the provider's claims cannot be used.
enum class errc {
    malformed = 1,
    bad_algorithm,
    unknown_key,
    bad_signature,
    wrong_issuer,
    wrong_audience,
    wrong_nonce,
    expired,
    rejected,
    unfit
};
error_code make_error_code(errc);

/// The public keys of a provider by their ids.
class key_set {
public:
    /// From a JWK set; keys of other algorithms are left out. Empty for anything else.
    static key_set of(std::string_view jwks);

    /// The key of that id, or without an id the only key of the algorithm; null when there is none.
    const signatures::public_key* find(std::optional<std::string_view> id, signatures::algorithm) const;
    bool empty() const noexcept { return keys_.empty(); }

private:
    std::vector<std::pair<std::string, signatures::public_key>> keys_;
};

/// What a token must match.
struct expectation {
    std::string_view issuer;
    std::vector<std::string> audiences;  ///< our client ids at the provider
    std::string_view nonce_hash;         ///< SHA-256, hex, of the nonce
    bool hides_nonce = false;            ///< the token has that hash: an app's, which proves it with the nonce
    instant now;
};

/// A user as the provider knows them. `email` is empty when an account cannot have that address.
struct person {
    std::string subject;
    std::string email;
    bool email_verified = false;
    std::string name;
};

/// `token` must be signed with RS256 or ES256 by a key of the set, be for one of our clients, valid now (within a
/// minute), and have this nonce: as it is, or its SHA-256 in hex.
result<person> read_id_token(std::string_view token, const key_set& keys, const expectation& wanted);

/// Reads email, email_verified and name from a token's claims or a userinfo response, as far as they are there.
void read_claims(json::value claims, person&);

}  // namespace airi::workers::oauth

template <>
struct boost::system::is_error_code_enum<airi::workers::oauth::errc> : std::true_type {};
