// Access tokens: JWT with HS256 and a key id (RFC 7515, 7519), of one issuer for one audience (RFC 8725, 9068). The
// routes sign them; the session code verifies the token of each request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::tokens {

/// All are refusals. An unknown key id counts as a bad signature.
enum class errc { malformed = 1, bad_signature, expired };
error_code make_error_code(errc);

struct claims {
    user_id user;
    session_id session;
    std::string email;
    std::string role;
    instant issued;   ///< in whole seconds in the token
    instant expires;  ///< in whole seconds in the token

    bool operator==(const claims&) const = default;
};

struct key {
    std::string kid;
    secret value;

    /// The key id is a digest of the secret, so that it is the same in every process.
    static key of(secret value);
};

/// The issuer of the tokens, and the API that they are for.
struct parties {
    std::string issuer, audience;
};

/// A key that has been replaced, and the time from which it verifies nothing.
struct replaced_key {
    tokens::key key;
    instant until;
};

/// Signs with the current key, verifies with either. Immutable and thread safe.
class keyring {
public:
    /// Throws std::invalid_argument for a secret under 32 bytes (RFC 7518 section 3.2) and for two keys with the same
    /// id.
    keyring(parties, key current, std::optional<replaced_key> previous = std::nullopt);

    std::string sign(const claims& claims) const;
    /// Accepts only tokens as sign() makes them: HS256, the header members alg, kid and typ, "at+jwt", and no others,
    /// this issuer and audience, no duplicate member, canonical base64url, at most 4 KB. `issued` may be up to 30 s
    /// after `now`; `expires` has no leeway.
    result<claims> verify(std::string_view token, instant now) const;

private:
    struct known {
        tokens::key key;
        std::string header;  // base64url of the header that sign() writes
        instant until = instant::max();
    };
    const known* by_header(std::string_view encoded, error_code& wrong) const;

    parties parties_;
    std::vector<known> keys_;
};

}  // namespace airi::tokens

template <>
struct boost::system::is_error_code_enum<airi::tokens::errc> : std::true_type {};
