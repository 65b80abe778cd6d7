// JSON Schema (2020-12) of the events and a sample payload of each, from their declared fields. The files are committed
// below schemas/; tests compare them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace airi::events {

/// File name below schemas/events ("chat.requested.v1.json") and content, for every event.
std::vector<std::pair<std::string, std::string>> schemas();

/// File name below schemas/recorded and content, for every event: what this version of the program writes.
std::vector<std::pair<std::string, std::string>> sample_payloads();

}  // namespace airi::events
