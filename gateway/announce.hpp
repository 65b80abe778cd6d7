// Frames that belong to no generation, for everybody on a channel. Best effort, and nobody waits for them. Used by the
// service, by sending and by the presence.
#pragma once

#include <string>
#include <string_view>

#include "gateway/router.hpp"

namespace airi::gateway {

/// `data` is JSON.
void announce(redis::client&, executor on, std::string channel, std::string_view type, std::string_view data);

/// What a route that `announces` something has just changed, to all sockets of the user: "thing_updated" carries the
/// answer's data as `thing`. A failure is told to nobody.
void announce_change(const exchange&, const route&, const handled&);

}  // namespace airi::gateway
