// The oauth worker: a sign-in flow that came back from an identity provider in; the user whom the provider names out.
#pragma once

#include <vector>

#include "events/oauth.hpp"
#include "workers/oauth/oidc_client.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::oauth {

struct ports {
    postgres::database& database;
    http::client& client;
    std::vector<provider>& providers;
};

/// A code is exchanged at most once: a flow can be claimed once, and a redelivery finds nothing to claim. If the
/// process dies in between, the user has to sign in again.
awaitable<result<effects>> complete_flow(events::identity_requested, const ports&);

/// Refreshes the providers and renews the rows of those that can be used.
awaitable<result<>> renew_providers(const ports&);

worker declare(const ports&);

}  // namespace airi::workers::oauth
