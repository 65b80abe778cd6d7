// The servers of a worker process: one client each for all of its workers, on its one thread. Redis and the producer
// are opened when a worker first asks for them.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/redis/redis.hpp"
#include "workers/runtime/frame_channel.hpp"
#include "workers/runtime/worker_settings.hpp"

namespace airi::workers {

class servers {
public:
    /// `service` names the process where the settings name no slot.
    servers(executor, std::string_view service, const worker_settings&);

    const worker_settings& settings() const { return settings_; }
    const airi::executor& executor() const { return executor_; }
    /// "slot#incarnation", unique to this process.
    const std::string& owner() const { return owner_; }
    postgres::database& database() { return *database_; }
    redis::client& redis();
    frame_channel& frames();
    kafka::producer& producer();

    /// Whether Postgres, and Kafka where it is used, answered last.
    bool available() const;
    /// Waits for events in flight, up to the limit, and closes. Blocks.
    void close(milliseconds limit);

private:
    airi::executor executor_;
    worker_settings settings_;
    std::string slot_;
    std::string owner_;
    std::unique_ptr<postgres::database> database_;
    std::unique_ptr<redis::client> redis_;
    std::unique_ptr<frame_channel> frames_;
    std::unique_ptr<kafka::producer> producer_;
};

}  // namespace airi::workers
