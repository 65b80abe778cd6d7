// What the hub calls for each frame of a channel; WebSocket peers, Socket.IO peers and SSE streams implement
// it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "events/frames.hpp"

namespace airi::gateway {

/// A frame heard. `frame` is the JSON text, shared by all listeners; `what.frame` is a view of it.
struct delivered_frame {
    const events::published& what;
    const std::shared_ptr<const std::string>& frame;
};

class channel_listener {
public:
    virtual ~channel_listener() = default;
    /// On the hub's thread; may join and leave, must not end the hub. A stray exception is logged and
    /// swallowed.
    virtual void hear(std::string_view channel, const delivered_frame& one) = 0;
};

}  // namespace airi::gateway
