// The proof of identity that changes of credentials need: a sign-in, a password or a code within ten minutes. A stolen
// session is not enough, and an API key never proves anything. Used by the dispatcher, for routes that ask for it.
#pragma once

#include <optional>
#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

inline constexpr seconds proof_life{600};

/// A password of the caller's or, without one, a code of their second factor.
struct identity_proof {
    std::optional<std::string> password, code;

    bool empty() const { return !password && !code; }
};

/// Takes the proof: the caller's session has been proved now. 403 when it is wrong, 429 after too many wrong ones.
awaitable<std::optional<problem>> prove(services&, const request&, const account&, const identity_proof&);

/// 403 REAUTHENTICATION_REQUIRED, with the ways to prove it, unless the caller's session was proved within ten minutes.
awaitable<std::optional<problem>> require_fresh_proof(services&, const request&, const account&);

}  // namespace airi::gateway
