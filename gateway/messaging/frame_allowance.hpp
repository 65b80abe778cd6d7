// How fast a WebSocket client may send frames. Used by the WebSocket handler.
#pragma once

#include <algorithm>
#include <chrono>

namespace airi::gateway {

/// 50 a second, 200 at once.
class frame_allowance {
public:
    bool take() {
        const auto now = clock::now();
        const auto passed = std::chrono::duration<double>(now - counted_at_).count();
        left_ = std::min(burst, left_ + per_second * passed);
        counted_at_ = now;
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr double per_second = 50, burst = 200;
    double left_ = burst;
    clock::time_point counted_at_ = clock::now();
};

}  // namespace airi::gateway
