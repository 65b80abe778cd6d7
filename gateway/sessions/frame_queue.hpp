// The frames waiting for one WebSocket: shared, never copied; holds no memory while empty. Used by the socket
// session.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace airi::gateway {

class frame_queue {
public:
    using frame = std::shared_ptr<const std::string>;

    bool empty() const noexcept { return first_ == frames_.size(); }
    void push(frame one) {
        // Steady traffic that never lets the queue run empty would otherwise grow it by its used front.
        if (first_ > 32 && first_ * 2 > frames_.size()) {
            frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
        frames_.push_back(std::move(one));
    }
    frame pop() {
        auto out = std::move(frames_[first_++]);
        if (empty()) clear();
        return out;
    }
    void clear() noexcept {
        if (frames_.capacity() > 8) frames_ = {};
        frames_.clear();
        first_ = 0;
    }

private:
    std::vector<frame> frames_;
    std::size_t first_ = 0;
};

}  // namespace airi::gateway
