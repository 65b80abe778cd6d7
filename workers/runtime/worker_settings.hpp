// The settings that every worker has. Each process reads them once, for all of its workers.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/kafka/access.hpp"
#include "platform/telemetry/tracing.hpp"

namespace airi::workers {

struct worker_settings : kafka::access, tracing::destination {
    secret database_url;
    secret redis_url{"redis://127.0.0.1:6379"};
    std::string instance;
    std::string admin_address = "127.0.0.1";
    std::uint16_t admin_port = 0;
    std::string log_level = "info";
    seconds drain{10};
    std::int64_t database_connections = 6;
    milliseconds session_timeout{10'000};
    milliseconds group_linger{0};

    static constexpr auto own = std::tuple{
        setting{
            "DATABASE_URL", &worker_settings::database_url, "Postgres, as the role airi_worker.", {.required = true}},
        setting{"REDIS_URL", &worker_settings::redis_url, "Redis."},
        setting{"AIRI_INSTANCE", &worker_settings::instance,
            "This process' slot, stable over restarts (chat-1); empty: none."},
        setting{"ADMIN_ADDRESS", &worker_settings::admin_address,
            "The address of ADMIN_PORT, which asks for no password: only a network of your own may reach it."},
        setting{"ADMIN_PORT", &worker_settings::admin_port, "Port of /healthz, /readyz and /metrics; 0: any free one."},
        setting{"LOG_LEVEL", &worker_settings::log_level, "debug, info, warn or error."},
        setting{"DRAIN_SECONDS", &worker_settings::drain, "How long the process may take to end on SIGTERM.",
            {.min = 0, .max = 600}},
        setting{"DATABASE_CONNECTIONS", &worker_settings::database_connections, "Connections to Postgres.",
            {.min = 1, .max = 100}},
        setting{"DATABASE_GROUP_LINGER", &worker_settings::group_linger,
            "How long effects wait for others to be committed with; 0: only while another commit is in progress.",
            {.min = 0, .max = 1000}},
        setting{"KAFKA_SESSION_TIMEOUT", &worker_settings::session_timeout,
            "Kafka's session timeout, after which a silent worker's partitions are reassigned.",
            {.min = 1000, .max = 300'000}},
    };
    static constexpr auto settings = std::tuple_cat(own, kafka::access::settings, tracing::destination::settings);

    std::vector<std::string> mistakes() const {
        auto out = kafka::access::mistakes();
        for (auto& mistake : tracing::destination::mistakes()) out.push_back(std::move(mistake));
        return out;
    }
};

}  // namespace airi::workers
