#include "gateway/realtime/subscriber_list.hpp"

#include <algorithm>

namespace airi::gateway {

void subscriber_list::add(std::shared_ptr<channel_listener> one) {
    if (!one || std::find(seats_.begin(), seats_.end(), one) != seats_.end()) return;
    seats_.push_back(std::move(one));
    ++count_;
}

void subscriber_list::remove(const channel_listener* one) {
    const auto seat = std::find_if(seats_.begin(), seats_.end(), [&](const auto& each) { return each.get() == one; });
    if (!one || seat == seats_.end()) return;
    --count_;
    leaving_.push_back(std::move(*seat));
    seat->reset();
    if (!telling_) close_ranks();
}

std::size_t subscriber_list::tell(std::string_view channel, const delivered_frame& one) {
    std::size_t faults = 0;
    telling_ = true;
    const auto count = seats_.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto* const each = seats_[i].get();
        if (!each) continue;
        try {
            each->hear(channel, one);
        } catch (...) {
            ++faults;
        }
    }
    telling_ = false;
    if (!leaving_.empty()) close_ranks();
    return faults;
}

void subscriber_list::close_ranks() {
    std::erase(seats_, nullptr);
    // A listener's destructor may well leave other channels, so nothing here may be in use any more.
    const auto ended = std::exchange(leaving_, {});
}

}  // namespace airi::gateway
