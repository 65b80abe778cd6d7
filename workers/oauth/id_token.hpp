// ID tokens (OpenID Connect Core 3.1.3.7): who somebody is, by the word of a provider. Verified here and nowhere else.
// No I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/crypto/signatures.hpp"

namespace airi::workers::oauth {

/// All are refusals. unknown_key: no key of that id; newer keys may have it. rejected: the provider does not take the
/// code. unfit: what the provider says of the person is not what we need.
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
    /// A JWK set; keys that cannot verify anything here are left out. Empty for what is none.
    static key_set of(std::string_view jwks);

    /// The key of that id, or without an id the only one of its algorithm; null when there is none.
    const signatures::public_key* find(std::optional<std::string_view> id, signatures::algorithm) const;
    bool empty() const noexcept { return keys_.empty(); }

private:
    std::vector<std::pair<std::string, signatures::public_key>> keys_;
};

/// What a token must say.
struct expectation {
    std::string_view issuer;
    std::vector<std::string> audiences;  ///< our clients at the provider
    std::string_view nonce_hash;         ///< SHA-256, hex, of the nonce
    instant at;
};

/// Somebody as a provider knows him. `email` is empty when it is none that an account can have.
struct person {
    std::string subject;
    std::string email;
    bool email_verified = false;
    std::string name;
};

/// `token` must be signed with RS256 or ES256 by a key of the set, be ours, of now (a minute either way), and for this
/// nonce; it may carry the nonce or, as Apple's apps do, its SHA-256 in hex.
result<person> read_id_token(std::string_view token, const key_set& keys, const expectation& wanted);

/// email, email_verified and name of a token's claims or of a userinfo answer; those that are there.
void read_claims(json::value from, person& into);

}  // namespace airi::workers::oauth

template <>
struct boost::system::is_error_code_enum<airi::workers::oauth::errc> : std::true_type {};
