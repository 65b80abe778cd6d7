// Common to all librdkafka handles: opening them, and the state of the brokers with its log lines. Private to
// platform/kafka.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_message_s;

namespace airi::kafka {

using settings = std::vector<std::pair<std::string, std::string>>;

/// The longest time a broker may take to answer a consumer's fetch: a request on the same connection waits for it.
constexpr milliseconds fetch_wait{500};

/// A deleter made from a C library's destroy function.
template <auto Destroy>
struct destroy {
    void operator()(auto* it) const noexcept { Destroy(it); }
};

struct close_handle {
    void operator()(rd_kafka_s* handle) const noexcept;
};
using handle = std::unique_ptr<rd_kafka_s, close_handle>;

/// A configuration of `own` and the connection settings that all clients share. Throws std::invalid_argument when
/// librdkafka rejects a value: a mistake at start-up.
rd_kafka_conf_s* configure(const access& brokers, const std::string& client_id, const settings& own);

enum class role { producer, consumer };
/// A handle that owns `configuration`. Throws std::runtime_error when librdkafka cannot make one.
handle open_handle(role kind, rd_kafka_conf_s* configuration);

/// Calls `attempt` until it returns a value or another error than `passing`, or until `limit` is over, and returns what
/// it returned last. `attempt` takes the time that is left and returns a result.
template <class Attempt>
auto retry(milliseconds limit, errc passing, Attempt attempt) {
    using clock = std::chrono::steady_clock;
    for (const auto deadline = clock::now() + limit;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
        auto out = attempt(std::max(left, milliseconds(1)));
        if (out || out.error() != passing || clock::now() >= deadline) return out;
        std::this_thread::sleep_for(milliseconds(20));
    }
}

/// The numbers of the topic's partitions. Waits for up to `limit` until each has a leader. Errors: unknown_topic at
/// once; unavailable when no broker answers or a partition has no leader in time.
result<std::vector<std::int32_t>> partitions_of(rd_kafka_s* handle, const std::string& topic, milliseconds limit);

/// A record that was read, copied.
message message_of(const rd_kafka_message_s&);

/// Whether the brokers answer, and the log lines about it. Thread safe.
class connection {
public:
    explicit connection(std::string client) : client_(std::move(client)) {}

    bool up() const noexcept { return state_.load(std::memory_order_relaxed) == state::up; }
    /// A broker answered. Logs "kafka.back" after an outage.
    void answered();
    /// No broker answers. Logs "kafka.unavailable" once until `answered`.
    void lost(std::string_view reason);
    /// Logs any other error, each code at most once a second.
    void log_error(std::string_view operation, int librdkafka_error, std::string_view reason);
    /// While not up: requests metadata from the brokers, at most once a second, and waits for the answer for up to
    /// 200 ms more than `fetch_wait`.
    /// One thread only.
    void probe(rd_kafka_s* handle);

private:
    enum class state { unknown, up, down };

    const std::string client_;
    std::atomic<state> state_{state::unknown};
    std::chrono::steady_clock::time_point next_probe_;
};

}  // namespace airi::kafka
