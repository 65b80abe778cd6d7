// The consumer groups, which are also the names under which consumers remember events in the inbox. They name state
// that is stored in Kafka and Postgres: another value reads a topic again from its start, so renaming a worker changes
// none.
#pragma once

#include <string_view>

namespace airi::workers::consumer_groups {

inline constexpr std::string_view chat = "chat", email = "mail", exports = "privacy", memory = "memory",
                                  moderation = "moderation", oauth = "identity", usage = "usage";

}  // namespace airi::workers::consumer_groups
