#include "platform/telemetry/span_queue.hpp"

#include <algorithm>
#include <iterator>

namespace airi::tracing {

namespace {

constexpr std::size_t worth_waking = 256;

}  // namespace

void span_queue::push(recorded_span span) {
    const std::scoped_lock held(lock_);
    if (waiting_.size() >= most_) return full_.add();
    waiting_.push_back(std::move(span));
    if (waiting_.size() == worth_waking) filled_.notify_one();
}

std::vector<recorded_span> span_queue::take(milliseconds longest, std::size_t most) {
    std::unique_lock held(lock_);
    filled_.wait_for(held, longest, [&] { return closed_ || waiting_.size() >= worth_waking; });
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
    std::vector<recorded_span> out(
        std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.begin() + count));
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    return out;
}

void span_queue::close() {
    const std::scoped_lock held(lock_);
    closed_ = true;
    filled_.notify_one();
}

bool span_queue::closed() const {
    const std::scoped_lock held(lock_);
    return closed_;
}

}  // namespace airi::tracing
