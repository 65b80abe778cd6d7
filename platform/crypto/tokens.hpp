// Access tokens: JWT with HS256 and a key id (RFC 7515, 7519). The routes sign them, the sessions verify each
// request's.
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
    instant issued;   ///< whole seconds travel
    instant expires;  ///< whole seconds travel

    bool operator==(const claims&) const = default;
};

struct key {
    std::string kid;
    secret value;

    /// Named after a digest of the secret, so that every process names it alike.
    static key of(secret value);
};

/// Signs with the current key, verifies with either. Immutable: safe from any thread.
class keyring {
public:
    /// Throws std::invalid_argument for a secret under 32 bytes (RFC 7518 section 3.2) and for two keys of
    /// one name.
    explicit keyring(key current, std::optional<key> previous = std::nullopt);

    std::string sign(const claims& of) const;
    /// Accepts exactly what sign() makes: HS256, header members alg, typ and kid alone, no member twice,
    /// base64url in its one spelling, at most 4 KB. `issued` may be 30 s ahead of `at`; after `expires` there
    /// is no grace.
    result<claims> verify(std::string_view token, instant at) const;

private:
    struct known {
        key with;
        std::string header;  // base64url of the header that sign() writes
    };
    const known* by_header(std::string_view encoded, error_code& wrong) const;

    std::vector<known> keys_;
};

}  // namespace airi::tokens

template <>
struct boost::system::is_error_code_enum<airi::tokens::errc> : std::true_type {};
