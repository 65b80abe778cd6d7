// The gateway's settings, and the options that main derives from them.
#pragma once

#include <thread>

#include "gateway/services/services.hpp"
#include "gateway/transport/server_options.hpp"
#include "platform/base/settings.hpp"
#include "platform/kafka/access.hpp"
#include "platform/telemetry/tracing.hpp"

namespace airi::gateway {

struct gateway_settings : kafka::access, tracing::destination {
    std::uint16_t port = 3001;
    std::string address = "0.0.0.0";
    std::string admin_address = "127.0.0.1";
    std::uint16_t admin_port = 0;
    std::int64_t threads = std::max(1u, std::thread::hardware_concurrency());
    secret database_url;
    secret redis_url{"redis://127.0.0.1:6379"};
    secret jwt_secret;
    secret jwt_secret_previous;
    std::string jwt_secret_rotated_at;
    secret encryption_key;
    secret encryption_key_previous;
    secret evidence_key;
    secret evidence_key_previous;
    secret link_key;
    secret stripe_webhook_secret;
    secret stripe_webhook_secret_previous;
    std::string frontend_url;
    std::string allowed_origins;
    std::string api_url;
    std::string oauth_redirect_url;
    std::string allowed_hosts;
    std::string environment = "development";
    bool rate_limiting = true;
    milliseconds rate_window{60'000};
    std::int64_t rate_requests = 0;
    bool websockets = true;
    bool file_uploads = true;
    bool voice_chat = false;
    std::string log_level = "info";
    std::int64_t database_connections = 8;
    std::int64_t hashing_threads = 2;
    std::int64_t per_address = 2'000;
    std::int64_t connections = 50'000;
    std::int64_t sockets_per_account = 100;
    std::string trusted_proxies;
    std::string country_header;
    seconds keep_alive{90};
    seconds drain{10};
    std::string commit;

    static constexpr auto own = std::tuple{
        setting{"PORT", &gateway_settings::port, "The port clients connect to; 0: any free one."},
        setting{"ADDRESS", &gateway_settings::address, "The address to listen on."},
        setting{"ADMIN_ADDRESS", &gateway_settings::admin_address,
            "The address of ADMIN_PORT, which asks for no password: only a network of your own may reach it."},
        setting{
            "ADMIN_PORT", &gateway_settings::admin_port, "Port of /healthz, /readyz and /metrics; 0: any free one."},
        setting{"GATEWAY_THREADS", &gateway_settings::threads, "Threads that serve requests; default: one per core.",
            {.min = 1, .max = 256}},
        setting{"DATABASE_URL", &gateway_settings::database_url, "Postgres, as the role airi_app.", {.required = true}},
        setting{"REDIS_URL", &gateway_settings::redis_url, "Redis."},
        setting{"JWT_SECRET", &gateway_settings::jwt_secret, "Signs access tokens; at least 32 bytes.",
            {.required = true, .replaced_after = std::chrono::days{365}}},
        setting{"JWT_SECRET_PREVIOUS", &gateway_settings::jwt_secret_previous,
            "The previous JWT_SECRET; still verifies tokens for seven days."},
        setting{"JWT_SECRET_ROTATED_AT", &gateway_settings::jwt_secret_rotated_at,
            "The time at which JWT_SECRET replaced it (RFC 3339); empty: the start of this gateway."},
        setting{"ENCRYPTION_KEY", &gateway_settings::encryption_key, "Wraps the users' keys; at least 32 bytes.",
            {.required = true}},
        setting{"ENCRYPTION_KEY_PREVIOUS", &gateway_settings::encryption_key_previous,
            "The previous ENCRYPTION_KEY; still unwraps keys during a rotation."},
        setting{"EVIDENCE_KEY", &gateway_settings::evidence_key,
            "Seals what crisis alerts keep of messages; at least 32 bytes.", {.required = true}},
        setting{"EVIDENCE_KEY_PREVIOUS", &gateway_settings::evidence_key_previous,
            "The previous EVIDENCE_KEY; still opens what it sealed during a rotation."},
        setting{"LINK_KEY", &gateway_settings::link_key,
            "Seals the links with tokens that events carry; at least 32 bytes.", {.required = true}},
        setting{"STRIPE_WEBHOOK_SECRET", &gateway_settings::stripe_webhook_secret,
            "The secret of Stripe's webhook endpoint, whsec_…; empty: webhooks are refused.",
            {.replaced_after = std::chrono::days{30}}},
        setting{"STRIPE_WEBHOOK_SECRET_PREVIOUS", &gateway_settings::stripe_webhook_secret_previous,
            "The previous STRIPE_WEBHOOK_SECRET; still verifies webhooks during a rotation."},
        setting{"FRONTEND_URL", &gateway_settings::frontend_url,
            "The frontend's origin, the target of links in emails; required in production."},
        setting{"ALLOWED_ORIGINS", &gateway_settings::allowed_origins,
            "Further origins, separated by commas; empty: those that the product documents."},
        setting{"API_URL", &gateway_settings::api_url,
            "This gateway's public origin, the issuer of access tokens, to which identity providers redirect; empty: "
            "FRONTEND_URL."},
        setting{"OAUTH_REDIRECT_URL", &gateway_settings::oauth_redirect_url,
            "The frontend's page for a finished sign-in at an identity provider; empty: FRONTEND_URL/."},
        setting{"ALLOWED_HOSTS", &gateway_settings::allowed_hosts,
            "Names in the Host header that are served, separated by commas; empty: those of FRONTEND_URL and API_URL, "
            "and "
            "this machine's own in development and test."},
        setting{"AIRI_ENV", &gateway_settings::environment, "development, test, staging or production."},
        setting{"ENABLE_RATE_LIMITING", &gateway_settings::rate_limiting, "Enables rate limits; quotas always apply."},
        setting{"RATE_LIMIT_MAX_REQUESTS", &gateway_settings::rate_requests,
            "Requests in RATE_LIMIT_WINDOW_MS of a user whose plan has no rate of its own, and of an address without "
            "an account; 0: as the product's profile says.",
            {.min = 0, .max = 1'000'000}},
        setting{"RATE_LIMIT_WINDOW_MS", &gateway_settings::rate_window, "The window of RATE_LIMIT_MAX_REQUESTS.",
            {.min = 1'000, .max = 86'400'000}},
        setting{"ENABLE_WEBSOCKETS", &gateway_settings::websockets,
            "Enables WebSockets at /ws; otherwise replies are sent over HTTP only."},
        setting{"ENABLE_FILE_UPLOADS", &gateway_settings::file_uploads, "Enables routes that accept a file."},
        setting{"ENABLE_VOICE_CHAT", &gateway_settings::voice_chat, "Enables routes for speech."},
        setting{"LOG_LEVEL", &gateway_settings::log_level, "debug, info, warn or error."},
        setting{"DATABASE_CONNECTIONS", &gateway_settings::database_connections, "Connections to Postgres.",
            {.min = 1, .max = 100}},
        setting{"HASHING_THREADS", &gateway_settings::hashing_threads, "Threads for password hashes.",
            {.min = 1, .max = 64}},
        setting{"CONNECTIONS_PER_ADDRESS", &gateway_settings::per_address,
            "Maximum open connections from one IP address.", {.min = 1}},
        setting{"CONNECTIONS", &gateway_settings::connections, "Maximum open connections in total.", {.min = 1}},
        setting{"SOCKETS_PER_ACCOUNT", &gateway_settings::sockets_per_account,
            "Maximum open WebSockets of one account on this gateway.", {.min = 1}},
        setting{"TRUSTED_PROXIES", &gateway_settings::trusted_proxies,
            "IP addresses whose X-Forwarded-For is trusted, separated by commas."},
        setting{"COUNTRY_HEADER", &gateway_settings::country_header,
            "The header in which TRUSTED_PROXIES name the client's country, such as CF-IPCountry; empty: none."},
        setting{"KEEP_ALIVE_SECONDS", &gateway_settings::keep_alive,
            "Time after which an idle connection is closed; longer than the balancer in front keeps it.",
            {.min = 1, .max = 3600}},
        setting{"DRAIN_SECONDS", &gateway_settings::drain,
            "Time for clients to disconnect on SIGTERM; a second SIGTERM ends it.", {.min = 0, .max = 900}},
        setting{"VERCEL_GIT_COMMIT_SHA", &gateway_settings::commit,
            "The commit that runs; the health report shows seven characters of it."},
    };
    static constexpr auto settings = std::tuple_cat(own, kafka::access::settings, tracing::destination::settings);

    std::vector<std::string> mistakes() const;
};

tokens::keyring keyring_of(const gateway_settings&);
gateway_options options_of(const gateway_settings&);
server_options listening_of(const gateway_settings&);

}  // namespace airi::gateway
