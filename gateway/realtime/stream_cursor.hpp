// How far each generation of a channel has come, and whether a frame of it is the next one. No I/O. Used by the hub.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/realtime/attached_generation.hpp"

namespace airi::gateway {

using steady = std::chrono::steady_clock;

struct stream_cursor {
    generation_id generation;
    std::uint64_t serial = 0;  ///< distinguishes it from a later cursor of the same generation
    attached_generation order;
    steady::time_point last_used;
    bool stale = false;   ///< frames were lost since the stream was asked for: it must be read again
    int empty_reads = 0;  ///< consecutive reads that gave nothing although frames are missing

    /// True when frames are missing before this one that the stream may still have. `interrupted`: the subscription was
    /// lost for a while, so the beginning of an unknown generation may have been missed.
    bool misses_before(const events::published&, bool interrupted) const;
};

class stream_cursors {
public:
    /// The generation's cursor, a new one when it has none.
    stream_cursor& find_or_add(const generation_id&, steady::time_point now);
    /// The cursor with this serial number, or null.
    stream_cursor* find(std::uint64_t serial);
    /// Removes those last used before the first time, and ended ones before the second.
    void expire(steady::time_point silent_since, steady::time_point ended_since);

    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }

private:
    // Few at a time: a conversation answers one message after the other.
    std::vector<std::unique_ptr<stream_cursor>> all_;
};

}  // namespace airi::gateway
