#include "gateway/realtime/stream_cursor.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

std::uint64_t next_serial() {
    static thread_local std::uint64_t last = 0;
    return ++last;
}

}  // namespace

bool stream_cursor::misses(const events::published& what, bool torn) const {
    using events::frame_type;
    if (what.type == frame_type::snapshot) return false;
    const auto last = way.last();
    if (!last) return torn && what.type == frame_type::delta;
    if (what.at <= *last) return false;
    // A delta tells that the stream is there again, and with it what the text can be made of.
    if (way.incomplete()) return what.type == frame_type::delta;
    if (what.at.epoch > last->epoch) return what.at.offset != 0;
    return what.at.offset != last->offset + 1;
}

stream_cursor& stream_cursors::of(const generation_id& generation, steady::time_point now) {
    const auto found =
        std::find_if(all_.rbegin(), all_.rend(), [&](const auto& c) { return c->generation == generation; });
    if (found != all_.rend()) {
        (*found)->touched = now;
        return **found;
    }
    auto fresh = std::make_unique<stream_cursor>(stream_cursor{generation, next_serial(), attached_generation{}, now});
    (void)fresh->way.release(replayed::nothing_missed());
    all_.push_back(std::move(fresh));
    return *all_.back();
}

stream_cursor* stream_cursors::find(std::uint64_t serial) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& c) { return c->serial == serial; });
    return found == all_.end() ? nullptr : found->get();
}

void stream_cursors::forget(steady::time_point silent_since, steady::time_point ended_since) {
    std::erase_if(all_, [&](const auto& c) { return c->touched < (c->way.ended() ? ended_since : silent_since); });
}

}  // namespace airi::gateway
