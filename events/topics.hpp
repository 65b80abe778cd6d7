// The Kafka topics, from the declared events.
#pragma once

#include <string>
#include <vector>

namespace airi::events {

inline constexpr const char* retry_suffix = "-retry";  ///< the names are Spring Kafka's
inline constexpr const char* dead_letter_suffix = "-dlt";

/// Every event's topic with its retry and dead-letter topics.
std::vector<std::string> topics();

}  // namespace airi::events
