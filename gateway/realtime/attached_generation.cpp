#include "gateway/realtime/attached_generation.hpp"

namespace airi::gateway {

bool attached_generation::passes(events::position position, events::frame_type type) {
    if (last_ && position <= *last_) return false;
    if (incomplete_ && type == events::frame_type::delta) return false;
    incomplete_ = false;
    last_ = position;
    ended_ = events::is_end(type);
    return true;
}

attached_generation::verdict attached_generation::receive(const delivered_frame& delivered) {
    const auto& published = delivered.published;
    if (!holding_ && !lacks_beginning(published.type))
        return passes(published.at, published.type) ? verdict::send : verdict::withhold;
    held_.push_back({published.at, published.type, delivered.frame});
    return std::exchange(holding_, true) ? verdict::withhold : verdict::behind;
}

std::vector<entry> attached_generation::release(replayed history) {
    holding_ = new_ = false;
    incomplete_ = history.is == replayed::kind::gone;
    ended_ = history.ended;
    auto out = std::move(history.frames);
    // Also when it is before the position the reader claims to have: a snapshot replaces everything up to there.
    if (!out.empty()) last_ = out.back().at;
    for (auto& one : take_held())
        if (passes(one.at, one.type)) out.push_back(std::move(one));
    return out;
}

std::vector<entry> attached_generation::release_new() {
    new_ = true;
    holding_ = !held_.empty() && lacks_beginning(held_.front().type);
    std::vector<entry> out;
    if (holding_) return out;
    for (auto& one : take_held())
        if (passes(one.at, one.type)) out.push_back(std::move(one));
    return out;
}

}  // namespace airi::gateway
