#include "platform/kafka/admin.hpp"

#include <librdkafka/rdkafka.h>

namespace airi::kafka {
namespace {

using admin_options = std::unique_ptr<rd_kafka_AdminOptions_t, destroy<rd_kafka_AdminOptions_destroy>>;
using queue = std::unique_ptr<rd_kafka_queue_t, destroy<rd_kafka_queue_destroy>>;

}  // namespace

void destroy_event::operator()(rd_kafka_event_t* answer) const noexcept { rd_kafka_event_destroy(answer); }

event answer_of(rd_kafka_t* admin, int operation, milliseconds limit,
    const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& request) {
    char why[512];
    const auto wait = static_cast<int>(limit.count());
    const admin_options options(rd_kafka_AdminOptions_new(admin, static_cast<rd_kafka_admin_op_t>(operation)));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, why, sizeof why);
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
        rd_kafka_AdminOptions_set_operation_timeout(options.get(), wait, why, sizeof why);
    const queue answers(rd_kafka_queue_new(admin));
    request(options.get(), answers.get());
    return event(rd_kafka_queue_poll(answers.get(), wait + 1000));
}

}  // namespace airi::kafka
