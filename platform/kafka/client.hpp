// What every librdkafka handle here has in common: how it is opened, what its error codes mean to us, and one
// place that says once that the brokers are away. Private to platform/kafka.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"

struct rd_kafka_s;
struct rd_kafka_conf_s;

namespace airi::kafka {

using settings = std::vector<std::pair<std::string, std::string>>;

/// A deleter out of a C library's destroy function.
template <auto Destroy>
struct destroy {
    void operator()(auto* it) const noexcept { Destroy(it); }
};

struct close_handle {
    void operator()(rd_kafka_s* handle) const noexcept;
};
using handle = std::unique_ptr<rd_kafka_s, close_handle>;

/// A configuration with `with` and the connection settings all clients share. Throws std::invalid_argument
/// when librdkafka refuses a value: that is a mistake at start-up.
rd_kafka_conf_s* configure(const std::string& brokers, const std::string& client_id, const settings& with);

/// What a librdkafka error code of a produced record or an administrative request means to the caller.
error_code meaning_of(int librdkafka_error);

/// Whether the brokers answer, and the log lines about it. Thread safe.
class connection {
public:
    explicit connection(std::string client) : client_(std::move(client)) {}

    bool up() const noexcept { return state_.load(std::memory_order_relaxed) == state::up; }
    /// A broker answered. Logs "kafka.back" after an outage.
    void answered();
    /// No broker answers. Logs "kafka.unavailable" once until `answered`.
    void lost(std::string_view reason);
    /// Logs any other error, each code at most every ten seconds.
    void complain(std::string_view doing, int librdkafka_error, std::string_view reason);
    /// While not up: asks the brokers for metadata, at most once a second, and waits up to 200 ms for the
    /// answer. One thread only.
    void probe(rd_kafka_s* through);

private:
    enum class state { unknown, up, down };
    struct complaint {
        int code;
        std::chrono::steady_clock::time_point last;
        int silent;
    };

    const std::string client_;
    std::atomic<state> state_{state::unknown};
    std::chrono::steady_clock::time_point next_probe_;
    std::mutex lock_;
    std::vector<complaint> complaints_;
};

}  // namespace airi::kafka
