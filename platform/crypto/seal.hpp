// Text that is readable only while a user's key exists: XChaCha20-Poly1305 under the user's key, and that key under the
// installation's. Used by the gateway, which seals the text it publishes, and by the moderation worker, which opens it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::seal {

/// `broken`: altered, truncated, of another place, or under another key: refused. `unknown_master`: wrapped under a
/// secret that this process does not have: an outage until it is configured.
enum class errc { broken = 1, unknown_master };
error_code make_error_code(errc);

/// 256 bits, wiped on destruction.
class key {
public:
    static key fresh();
    /// Always the same for a secret and a purpose.
    static key of(const secret& from, std::string_view purpose);
    key(key&&) noexcept;
    key& operator=(key&&) = delete;
    ~key();

private:
    key() = default;
    friend std::string seal(const key&, std::string_view, std::string_view);
    friend result<std::string> open(const key&, std::string_view, std::string_view);
    friend std::string fingerprint_of_digest(const key&, std::string_view);
    friend class master;

    std::array<unsigned char, 32> bytes_;
};

/// base64url of nonce and ciphertext, which opens with the same `place` only, as of a field of one message.
std::string seal(const key&, std::string_view text, std::string_view place);
result<std::string> open(const key&, std::string_view sealed, std::string_view place);

/// By which equal texts are found without the texts, and only with the key: "keyed:" and the hex of an HMAC of the
/// hex of the text's SHA-256. Upper and lower case are equal.
std::string fingerprint(const key&, std::string_view text);
/// The same from the hex of that SHA-256, as it was stored before.
std::string fingerprint_of_digest(const key&, std::string_view hex);

/// Wraps the users' keys: under the current secret, unwraps those of the previous one too. Immutable: safe from any
/// thread.
class master {
public:
    /// `previous` may be empty.
    explicit master(const secret& current, const secret& previous = {});

    /// Hex of 76 bytes, the first four of which name the secret. Opens for this user only.
    std::string wrap(const key&, user_id whose) const;
    result<key> unwrap(std::string_view wrapped, user_id whose) const;
    /// Hex of the first four bytes of what the previous secret wrapped; empty without one.
    std::string previous_mark() const;

private:
    struct named {
        std::string mark;
        key with;
    };
    std::vector<named> keys_;
};

/// The mistakes in the settings `name` and `name`_PREVIOUS, a sentence each.
std::vector<std::string> mistakes_of(const std::string& name, const secret& current, const secret& previous);

}  // namespace airi::seal

template <>
struct boost::system::is_error_code_enum<airi::seal::errc> : std::true_type {};
