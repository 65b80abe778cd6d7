// The Kafka topics, from the declared events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace airi::events {

inline constexpr const char* retry_suffix = "-retry";  ///< the names are Spring Kafka's
inline constexpr const char* dead_letter_suffix = "-dlt";

/// Every event's topic with its retry and dead-letter topics.
std::vector<std::string> topics();
/// The topics of the events that the gateway publishes itself.
std::vector<std::string> topics_of_gateway();
/// The partitions of a topic where events have `whole` of them: a quarter for retries, which are few and which every
/// consumer fetches too, and one for dead letters, which none does.
int partitions_of(std::string_view topic, int whole);

}  // namespace airi::events
