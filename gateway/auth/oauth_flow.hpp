// Signing in with an identity provider. The oauth worker talks to the provider; here the provider's answer is checked
// against the flow that this client started, handed to the worker, and judged in Postgres.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "gateway/auth/issue_tokens.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Starts a flow: the provider's authorization URL, the state it will send back, and a binding that only this client
/// gets. With a `caller` it links an identity to their account, without one it signs in.
awaitable<route_result> start_oauth(services&, const std::string& provider, std::optional<user_id> caller);

/// The provider's answer as the client returns it, and the data of a new account.
struct oauth_answer {
    std::optional<user_id> caller;  ///< links an identity to this user; none: signs in
    postgres::bound present;        ///< the statement that takes a state and a code, or an ID token
    std::string binding_hash;
    std::optional<std::string> second_factor, birth_date, parent_email;
    std::string consents;  ///< JSON array
};

struct oauth_user {
    signed_in_user user;
    std::string identity;         ///< JSON, of a linked identity
    bool awaits_consent = false;  ///< a new account of a child: a parent has to consent
};

/// Waits until the flow is decided. 503 after ten seconds: the same request may be sent again.
awaitable<std::variant<oauth_user, problem>> finish_oauth(services&, const request&, oauth_answer);

}  // namespace airi::gateway
