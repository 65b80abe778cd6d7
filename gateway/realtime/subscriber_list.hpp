// The listeners of one channel. They may join and leave while they are being told something. Used by the hub.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/realtime/channel_listener.hpp"

namespace airi::gateway {

class subscriber_list {
public:
    /// Joining twice is joining once.
    void add(std::shared_ptr<channel_listener> one);
    /// From then on `one` hears nothing, not even the frame that is being told.
    void remove(const channel_listener* one);
    bool empty() const noexcept { return count_ == 0; }
    std::size_t size() const noexcept { return count_; }

    /// Tells everybody who was there at the beginning and still is; returns how many exceptions were
    /// swallowed.
    std::size_t tell(std::string_view channel, const delivered_frame& one);

private:
    void close_ranks();

    std::vector<std::shared_ptr<channel_listener>> seats_;
    std::vector<std::shared_ptr<channel_listener>> leaving_;  // may be in the middle of their own `hear`
    std::size_t count_ = 0;
    bool telling_ = false;
};

}  // namespace airi::gateway
