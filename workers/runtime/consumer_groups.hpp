// The consumer groups, which are also the consumers' names in the inbox. They name state stored in Kafka and Postgres:
// another value would read a topic again from its start, so they stay when a worker is renamed.
#pragma once

#include <string_view>

namespace airi::workers::consumer_groups {

inline constexpr std::string_view chat = "chat", email = "mail", exports = "privacy", memory = "memory",
                                  moderation = "moderation", oauth = "identity", usage = "usage";

}  // namespace airi::workers::consumer_groups
