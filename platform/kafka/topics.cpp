#include <librdkafka/rdkafka.h>

#include "platform/base/log.hpp"
#include "platform/kafka/client.hpp"
#include "platform/kafka/errors.hpp"

namespace airi::kafka {
namespace {

using new_topic = std::unique_ptr<rd_kafka_NewTopic_t, destroy<rd_kafka_NewTopic_destroy>>;
using admin_options = std::unique_ptr<rd_kafka_AdminOptions_t, destroy<rd_kafka_AdminOptions_destroy>>;
using queue = std::unique_ptr<rd_kafka_queue_t, destroy<rd_kafka_queue_destroy>>;
using event = std::unique_ptr<rd_kafka_event_t, destroy<rd_kafka_event_destroy>>;

result<> outcome_of(rd_kafka_event_t* done) {
    if (const auto err = rd_kafka_event_error(done)) {
        log::error("kafka.topics", {{"reason", rd_kafka_event_error_string(done)}});
        return error_of(err);
    }
    std::size_t count = 0;
    auto** each = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(done), &count);
    result<> worst;
    for (std::size_t i = 0; i < count; ++i) {
        const auto err = rd_kafka_topic_result_error(each[i]);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        const auto* why = rd_kafka_topic_result_error_string(each[i]);
        log::error("kafka.topic", {{"topic", rd_kafka_topic_result_name(each[i])}, {"code", rd_kafka_err2name(err)},
                                      {"reason", why ? why : ""}});
        worst = error_of(err);
    }
    return worst;
}

}  // namespace

result<> create_topics(const std::string& brokers, const std::vector<topic_spec>& topics, milliseconds limit) {
    if (topics.empty()) return {};
    char why[512];
    const auto admin = open_handle(role::producer, configure(brokers, "airi-topics", {}));

    std::vector<new_topic> wanted;
    std::vector<rd_kafka_NewTopic_t*> borrowed;
    for (const auto& topic : topics) {
        wanted.emplace_back(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, -1, why, sizeof why));
        if (!wanted.back()) {
            log::error("kafka.topic", {{"topic", topic.name}, {"reason", why}});
            return errc::rejected;
        }
        for (const auto& [name, value] : topic.config)
            rd_kafka_NewTopic_set_config(wanted.back().get(), name.c_str(), value.c_str());
        borrowed.push_back(wanted.back().get());
    }

    const auto wait = static_cast<int>(limit.count());
    const admin_options options(rd_kafka_AdminOptions_new(admin.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, why, sizeof why);
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), wait, why, sizeof why);
    const queue answers(rd_kafka_queue_new(admin.get()));
    rd_kafka_CreateTopics(admin.get(), borrowed.data(), borrowed.size(), options.get(), answers.get());
    const event done(rd_kafka_queue_poll(answers.get(), wait + 1000));
    if (!done) return errc::unavailable;
    return outcome_of(done.get());
}

}  // namespace airi::kafka
