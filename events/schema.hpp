// JSON Schema (2020-12) of the events, from their declared fields. The files are committed below schemas/events; a test
// compares them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace airi::events {

/// File name below schemas/events ("chat.requested.v1.json") and content, for every event.
std::vector<std::pair<std::string, std::string>> schemas();

}  // namespace airi::events
