#include "workers/runtime/worker.hpp"

namespace airi::workers {

event_id record::id() const {
    if (auto given = event_id::parse(message.header_value("ce_id"))) return *given;
    static const uuid space = uuid::v5(uuid{}, "airi/record");
    return event_id::of(
        space, message.topic + '/' + std::to_string(message.partition) + '/' + std::to_string(message.offset));
}

}  // namespace airi::workers
