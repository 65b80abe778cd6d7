// What the identity worker asks of providers over HTTP: discovery, keys, the exchange of a code, who somebody is.
#pragma once

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/http/client.hpp"
#include "workers/oauth/oidc_provider.hpp"

namespace airi::workers::oauth {

/// What was brought from the provider, as it stands in the flow.
struct presented {
    std::string credential;  ///< a code, or an ID token
    bool is_token = false;
    std::string verifier, redirect_uri, nonce_hash;
};

/// Discovery and keys, when they are old; what was known stays when the provider does not answer.
awaitable<> learn(http::client&, provider&);

/// Who brought it. `again`: the provider is away, slow or talks nonsense; `refused`: it says no, or its word is not
/// good.
awaitable<result<person>> identify(http::client&, provider&, presented);

/// The client secret that Apple wants: a JWT of ours, good for five minutes.
std::string apple_secret(const provider&, instant now);

}  // namespace airi::workers::oauth
