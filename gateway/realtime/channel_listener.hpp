// Called by the hub for each frame of a channel. Implemented by WebSockets, SSE streams and waiting requests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "events/frames/frame.hpp"

namespace airi::gateway {

/// `frame` is the JSON text, shared by all listeners; `published.frame` is a view of it.
struct delivered_frame {
    const events::published& published;
    const std::shared_ptr<const std::string>& frame;
};

class channel_listener {
public:
    virtual ~channel_listener() = default;
    /// On the hub's thread; may join and leave, must not end the hub. An exception is logged and ignored.
    virtual void on_frame(std::string_view channel, const delivered_frame&) = 0;
};

}  // namespace airi::gateway
