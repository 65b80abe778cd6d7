// Administrative requests of librdkafka and their answers. Private to platform/kafka.
#pragma once

#include <functional>
#include <memory>

#include "platform/kafka/client.hpp"

struct rd_kafka_op_s;
struct rd_kafka_queue_s;
struct rd_kafka_AdminOptions_s;

namespace airi::kafka {

struct destroy_event {
    void operator()(rd_kafka_op_s* answer) const noexcept;
};
using event = std::unique_ptr<rd_kafka_op_s, destroy_event>;

/// Calls `request`, which sends an operation of rd_kafka_admin_op_t, and waits for the answer; none: no broker
/// answered. Blocks.
event answer_of(rd_kafka_s* admin, int operation, milliseconds limit,
    const std::function<void(const rd_kafka_AdminOptions_s*, rd_kafka_queue_s*)>& request);

}  // namespace airi::kafka
