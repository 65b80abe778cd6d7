#include "gateway/realtime/subscriber_list.hpp"

#include <algorithm>

namespace airi::gateway {

void subscriber_list::add(std::shared_ptr<channel_listener> listener) {
    if (!listener || std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end()) return;
    listeners_.push_back(std::move(listener));
    ++count_;
}

void subscriber_list::remove(const channel_listener* listener) {
    const auto found =
        std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& each) { return each.get() == listener; });
    if (!listener || found == listeners_.end()) return;
    --count_;
    removed_.push_back(std::move(*found));
    found->reset();
    if (!delivering_) compact();
}

std::size_t subscriber_list::deliver(std::string_view channel, const delivered_frame& delivered) {
    std::size_t faults = 0;
    delivering_ = true;
    const auto count = listeners_.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto* const each = listeners_[i].get();
        if (!each) continue;
        try {
            each->on_frame(channel, delivered);
        } catch (...) {
            ++faults;
        }
    }
    delivering_ = false;
    if (!removed_.empty()) compact();
    return faults;
}

void subscriber_list::compact() {
    std::erase(listeners_, nullptr);
    // A listener's destructor may leave other channels, so nothing here may be in use any more.
    const auto ended = std::exchange(removed_, {});
}

}  // namespace airi::gateway
