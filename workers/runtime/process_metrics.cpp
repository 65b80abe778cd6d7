#include "workers/runtime/process_metrics.hpp"

namespace airi::workers {

void process_metrics::ended(std::string_view topic, const error_code& outcome, clock::time_point began) {
    auto found = durations_.find(topic);
    if (found == durations_.end()) found = durations_.try_emplace(std::string(topic)).first;
    const auto error = outcome ? name_of(failure_of(outcome)) : std::string_view{};
    auto& duration = found->second[error];
    if (!duration) duration = &make(topic, error);
    duration->observe(std::chrono::duration<double>(clock::now() - began).count());
}

metrics::histogram& process_metrics::make(std::string_view topic, std::string_view error) const {
    return metrics::histogram_of("messaging_process_duration_seconds", "An attempt at a record, its effects included.",
        {{"messaging_system", "kafka"}, {"messaging_operation_name", "process"},
            {"messaging_destination_name", std::string(topic)}, {"messaging_consumer_group_name", group_},
            {"error_type", std::string(error)}});
}

}  // namespace airi::workers
