// The Kafka topics of the tree, from the declared events.
#pragma once

#include <string>
#include <vector>

namespace airi::events {

inline constexpr const char* retry_suffix = "-retry";  ///< as Spring Kafka names them
inline constexpr const char* dead_letter_suffix = "-dlt";

/// Every event's topic with its retry and dead-letter topics.
std::vector<std::string> topics();

}  // namespace airi::events
