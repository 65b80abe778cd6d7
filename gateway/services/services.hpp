// Everything that routes and sockets work with: one instance per gateway thread, wired in main.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/services/account_cache.hpp"
#include "gateway/services/catalogue.hpp"
#include "gateway/services/publisher.hpp"
#include "gateway/services/rate_limiter.hpp"
#include "platform/base/async.hpp"
#include "platform/base/secret.hpp"
#include "platform/crypto/keyring.hpp"
#include "platform/crypto/passwords.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::gateway {

class hub;
class response_cache;
class open_sockets;
class socket_places;
class router;

struct gateway_options {
    std::string environment = "development";
    bool rate_limiting = true, websockets = true, file_uploads = true, voice_chat = false;
    release_stage features = release_stage::stable;
    std::optional<rate> general_rate;  ///< instead of the profile's
    std::vector<std::string> origins;  ///< CORS and WebSocket: exact scheme://host[:port]
    bool product_origins = true;       ///< those that the product documents too: ALLOWED_ORIGINS names no others
    std::string public_url;            ///< target of links in emails: the frontend, or this gateway's page
    bool secure_cookies = true;        ///< false for development over plain HTTP
    std::string api_url;               ///< this gateway's public origin
    std::string oauth_redirect_url;    ///< where identity providers redirect to
    std::string version = "unknown";   ///< of the running program: the commit's first seven characters
    std::string country_header;        ///< of trusted proxies, in lower case; empty: none
    std::vector<secret> stripe_webhook_secrets;  ///< current and previous; empty: no webhooks
};

struct services {
    postgres::database& database;
    redis::client& redis;
    hub& channels;
    open_sockets& sockets;
    socket_places& places;  ///< of all threads
    gateway::publisher& publisher;
    passwords::pool& hashing;
    const tokens::keyring& keys;
    const secret& refresh_key;      ///< from which a refresh token's successor is derived
    const seal::master& master;     ///< of the users' keys
    const seal::keyring& evidence;  ///< seals the evidence of crisis alerts, which outlives the users' keys
    const gateway::catalogue& catalogue;
    const router& routes;
    account_cache& accounts;
    rate_limiter& limits;
    response_cache& responses;
    const gateway_options& options;
    airi::executor executor;
    const seal::key& links;  ///< of the links with tokens that events carry
    bool draining = false;   ///< the gateway is about to end
};

/// The reason why this gateway cannot serve, as a line of text; empty when it is ready.
std::string_view missing_of(const services&);

/// The origins whose pages may read responses and open sockets.
std::vector<std::string> allowed_origins(const services&);

}  // namespace airi::gateway
