// A record for the retry topic or the dead letters: original bytes and key, with Spring Kafka's headers
// (KafkaHeaders.java, RetryTopicHeaders.java). Numbers are written as text.
#pragma once

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"
#include "workers/runtime/delivery.hpp"

namespace airi::workers {

kafka::record dead_letter(const kafka::message&, std::string_view group, const to_dead_letters&);
kafka::record retry_later(const kafka::message&, std::string_view group, const to_retry_topic&, instant now);

/// From the retry headers: how many attempts a record has behind it, and when the next one is due.
/// The header that names the only consumer group which handles the record: its retry is nobody else's business.
inline constexpr std::string_view group_header = "airi-group";
/// Whether the group handles the record.
bool is_for(const kafka::message&, std::string_view group);

int attempts_of(const kafka::message&);
instant due_of(const kafka::message&);
/// The topic without -retry.
std::string_view base_topic(std::string_view topic);

}  // namespace airi::workers
