// When to pause a partition and when to resume it: two thresholds for the number of records held of it. No I/O.
#pragma once

#include <cstddef>

namespace airi::workers {

class backpressure {
public:
    enum class action { none, pause, resume };

    backpressure(std::size_t high, std::size_t low) : high_(high), low_(low) {}

    action took(std::size_t count) {
        held_ += count;
        if (paused_ || held_ < high_) return action::none;
        paused_ = true;
        return action::pause;
    }
    action done() {
        --held_;
        if (!paused_ || held_ > low_) return action::none;
        paused_ = false;
        return action::resume;
    }
    std::size_t held() const noexcept { return held_; }

private:
    std::size_t high_, low_, held_ = 0;
    bool paused_ = false;
};

}  // namespace airi::workers
