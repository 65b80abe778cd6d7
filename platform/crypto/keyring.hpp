// The keys of a secret that is rotated: the current one seals, the previous one still opens. Used for the
// evidence of crisis alerts, which outlives the users' keys.
#pragma once

#include "platform/crypto/seal.hpp"

namespace airi::seal {

/// Immutable: safe from any thread.
class keyring {
public:
    /// `previous` may be empty. A secret has another key for each purpose.
    keyring(const secret& current, const secret& previous, std::string_view purpose);

    /// Begins with mark(), then as seal::seal().
    std::string seal(std::string_view text, std::string_view place) const;
    /// Opens texts of both secrets, and texts from before there were marks.
    result<std::string> open(std::string_view sealed, std::string_view place) const;
    /// The prefix of texts that the current secret has sealed, nine characters: all others have to be sealed again.
    const std::string& mark() const { return keys_.front().mark; }

private:
    struct named {
        std::string mark;
        key with;
    };
    std::vector<named> keys_;
};

}  // namespace airi::seal
