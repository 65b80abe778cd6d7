#include "gateway/realtime/attached_generation.hpp"

namespace airi::gateway {

bool attached_generation::passes(events::position at, events::frame_type type) {
    if (last_ && at <= *last_) return false;
    if (incomplete_ && type == events::frame_type::delta) return false;
    incomplete_ = false;
    last_ = at;
    ended_ = events::is_end(type);
    return true;
}

bool attached_generation::hear(const delivered_frame& one) {
    if (!holding_) return passes(one.what.at, one.what.type);
    held_.push_back({one.what.at, one.what.type, one.frame});
    return false;
}

std::vector<entry> attached_generation::release(replayed history) {
    holding_ = false;
    incomplete_ = history.is == replayed::kind::gone;
    ended_ = history.ended;
    auto out = std::move(history.frames);
    // Also when it is behind what the reader says it has seen: a snapshot takes the place of all that.
    if (!out.empty()) last_ = out.back().at;
    for (auto& one : take_held())
        if (passes(one.at, one.type)) out.push_back(std::move(one));
    return out;
}

}  // namespace airi::gateway
