// The listeners of one channel. They may join and leave while a frame is being delivered. Used by the hub.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/realtime/channel_listener.hpp"

namespace airi::gateway {

class subscriber_list {
public:
    /// Adding twice is adding once.
    void add(std::shared_ptr<channel_listener>);
    /// The listener receives nothing from then on, not even the frame that is being delivered.
    void remove(const channel_listener*);
    bool empty() const noexcept { return count_ == 0; }
    std::size_t size() const noexcept { return count_; }

    /// Delivers to every listener that was there at the beginning and still is; returns how many threw.
    std::size_t deliver(std::string_view channel, const delivered_frame&);

private:
    void compact();

    std::vector<std::shared_ptr<channel_listener>> listeners_;
    std::vector<std::shared_ptr<channel_listener>> removed_;  // may be in the middle of their own `on_frame`
    std::size_t count_ = 0;
    bool delivering_ = false;
};

}  // namespace airi::gateway
