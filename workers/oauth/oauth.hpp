// The identity worker: a flow that somebody came back from a provider with in; who it is, by the provider's word, out.
#pragma once

#include <vector>

#include "events/oauth.hpp"
#include "workers/oauth/oidc_client.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::oauth {

struct ports {
    postgres::database& database;
    http::client& out;
    std::vector<provider>& providers;
};

/// A code is exchanged at most once: who claims the flow has it, and a redelivery finds nothing to claim. When the
/// process dies in between, the person begins again.
awaitable<result<effects>> find_out(events::identity_requested, const ports&);

/// Learns what is old of the providers and renews the rows of those that can be used.
awaitable<result<>> renew_providers(const ports&);

worker declare(const ports&);

}  // namespace airi::workers::oauth
