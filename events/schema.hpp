// JSON Schema (2020-12) of each event, from its declared fields; committed under schemas/events and checked in the
// tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace airi::events {

/// File name below schemas/events ("chat.requested.v1.json") and content, for every event.
std::vector<std::pair<std::string, std::string>> schemas();

}  // namespace airi::events
