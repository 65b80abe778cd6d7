#include "workers/runtime/worker.hpp"

namespace airi::workers {

event_id record::id() const {
    if (auto given = event_id::parse(from.header_value("ce_id"))) return *given;
    static const uuid space = uuid::v5(uuid{}, "airi/record");
    return event_id::of(space, from.topic + '/' + std::to_string(from.partition) + '/' + std::to_string(from.offset));
}

}  // namespace airi::workers
