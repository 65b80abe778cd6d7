// librdkafka's mock cluster: a broker inside the process, for tests of this module with a broker that fails. It stores
// nothing beyond its end and 5 MiB a partition at most, and supports neither static membership nor transactions. Used
// by tests and airi-embedded-kafka.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

class embedded_cluster {
public:
    explicit embedded_cluster(int brokers = 1);
    ~embedded_cluster();

    /// host:port of every broker; other processes of this machine may connect too.
    std::string brokers() const;
    void create_topics(const std::vector<topic_spec>& topics);
    /// The next requests of this API (Kafka's protocol number: 0 is Produce, 8 is OffsetCommit) fail with
    /// these Kafka error codes, one each; -195 closes the connection instead.
    void fail_next(int api, const std::vector<int>& codes);
    void down(int broker = 1);
    void up(int broker = 1);

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::kafka
