// Requests to identity providers over HTTP: discovery, keys, code exchange, userinfo. Used by the oauth worker.
#pragma once

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/http/client.hpp"
#include "workers/oauth/oidc_provider.hpp"

namespace airi::workers::oauth {

/// What the user came back from the provider with, as stored in the flow.
struct presented {
    std::string credential;  ///< a code, or an ID token
    bool is_token = false;
    std::string verifier, redirect_uri, nonce_hash;
};

/// Fetches the configuration and keys when they are old; the old ones stay when the provider does not answer.
awaitable<> refresh(http::client&, provider&);

/// The user that it belongs to. `again`: the provider is unavailable, slow or its response malformed; `refused`: the
/// provider rejects the code, or its token is not valid.
awaitable<result<person>> identify(http::client&, provider&, presented);

/// The client secret that Apple requires: a JWT signed by us, valid for five minutes.
std::string apple_secret(const provider&, instant now);

}  // namespace airi::workers::oauth
