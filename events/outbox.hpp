// The wake-up of the relay that publishes the events which statements store in Postgres (outbox_add). Sent by the
// gateway, received by workers/outbox.
#pragma once

#include <string_view>

namespace airi::events {

/// A Redis channel whose messages have no content: an event was committed. One that is lost costs the event a second.
inline constexpr std::string_view outbox_channel = "outbox";

}  // namespace airi::events
