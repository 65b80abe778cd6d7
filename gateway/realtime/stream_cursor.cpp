#include "gateway/realtime/stream_cursor.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

std::uint64_t next_serial() {
    static thread_local std::uint64_t last = 0;
    return ++last;
}

}  // namespace

bool stream_cursor::misses_before(const events::published& published, bool interrupted) const {
    using events::frame_type;
    if (published.type == frame_type::snapshot) return false;
    const auto last = order.last();
    if (!last) return interrupted && published.type == frame_type::delta;
    if (published.at <= *last) return false;
    // A delta shows that the stream exists again, and with it what the text can be made of.
    if (order.incomplete()) return published.type == frame_type::delta;
    if (published.at.epoch > last->epoch) return published.at.offset != 0;
    return published.at.offset != last->offset + 1;
}

stream_cursor& stream_cursors::find_or_add(const generation_id& generation, steady::time_point now) {
    const auto found =
        std::find_if(all_.rbegin(), all_.rend(), [&](const auto& c) { return c->generation == generation; });
    if (found != all_.rend()) {
        (*found)->last_used = now;
        return **found;
    }
    auto fresh = std::make_unique<stream_cursor>(stream_cursor{
        .generation = generation, .serial = next_serial(), .order = attached_generation{}, .last_used = now});
    (void)fresh->order.release(replayed::nothing_missed());
    all_.push_back(std::move(fresh));
    return *all_.back();
}

stream_cursor* stream_cursors::find(std::uint64_t serial) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& c) { return c->serial == serial; });
    return found == all_.end() ? nullptr : found->get();
}

void stream_cursors::expire(steady::time_point silent_since, steady::time_point ended_since) {
    std::erase_if(all_, [&](const auto& c) { return c->last_used < (c->order.ended() ? ended_since : silent_since); });
}

}  // namespace airi::gateway
