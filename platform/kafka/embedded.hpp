// librdkafka's mock cluster: a broker inside a process, for tests of what this module does when a broker
// misbehaves. It forgets everything at its end, keeps 5 MiB a partition, and knows neither static membership
// nor transactions.
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
