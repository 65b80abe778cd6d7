// A replay's place as JSON. Pure.
#pragma once

#include <optional>
#include <string>

#include "platform/base/json.hpp"
#include "platform/kafka/topic_reader.hpp"

namespace airi::workers::operations {

/// {"<partition>": <offset>, …}
std::string positions_json(const kafka::positions&);
/// None: it is no such object.
std::optional<kafka::positions> read_positions(json::value);

}  // namespace airi::workers::operations
