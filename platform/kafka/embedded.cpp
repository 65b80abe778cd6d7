#include "platform/kafka/embedded.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <future>
#include <stdexcept>

#include "platform/kafka/client.hpp"

namespace airi::kafka {

struct embedded_cluster::state {
    handle host;
    std::unique_ptr<rd_kafka_mock_cluster_t, destroy<rd_kafka_mock_cluster_destroy>> cluster;
};

embedded_cluster::embedded_cluster(int brokers) : state_(std::make_unique<state>()) {
    state_->host = open_handle(role::producer, configure(access(""), "embedded", {}));
    state_->cluster.reset(rd_kafka_mock_cluster_new(state_->host.get(), brokers));
    if (!state_->cluster) throw std::runtime_error("embedded kafka: no mock cluster");
}

embedded_cluster::~embedded_cluster() = default;

std::string embedded_cluster::brokers() const { return rd_kafka_mock_cluster_bootstraps(state_->cluster.get()); }

// The cluster's thread may sleep for up to a second before it sees a request, so all are made at once.
void embedded_cluster::create_topics(const std::vector<topic_spec>& topics) {
    std::vector<std::future<rd_kafka_resp_err_t>> outcomes;
    for (const auto& topic : topics)
        outcomes.push_back(std::async(std::launch::async, [this, &topic] {
            return rd_kafka_mock_topic_create(state_->cluster.get(), topic.name.c_str(), topic.partitions, 1);
        }));
    for (auto& each : outcomes)
        if (const auto err = each.get()) throw std::runtime_error(rd_kafka_err2str(err));
}

void embedded_cluster::fail_next(int api, const std::vector<int>& codes) {
    std::vector<rd_kafka_resp_err_t> errors;
    for (const int code : codes) errors.push_back(static_cast<rd_kafka_resp_err_t>(code));
    rd_kafka_mock_push_request_errors_array(
        state_->cluster.get(), static_cast<std::int16_t>(api), errors.size(), errors.data());
}

void embedded_cluster::down(int broker) { rd_kafka_mock_broker_set_down(state_->cluster.get(), broker); }
void embedded_cluster::up(int broker) { rd_kafka_mock_broker_set_up(state_->cluster.get(), broker); }

}  // namespace airi::kafka
