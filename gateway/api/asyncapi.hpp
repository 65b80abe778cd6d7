// The AsyncAPI 3.0 document of the WebSocket's frames (events/frames) and the Kafka topics. Served at
// /asyncapi.json.
#pragma once

#include <string>

namespace airi::gateway {

/// Made once: the same bytes for every program of one source.
const std::string& asyncapi_document();

}  // namespace airi::gateway
