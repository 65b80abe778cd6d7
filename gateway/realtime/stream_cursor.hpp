// How far each generation of a channel has come, and whether a frame of it is the next one. No I/O. Used by
// the hub.
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
    std::uint64_t serial = 0;  ///< tells this one from a later one of the same generation
    attached_generation way;
    steady::time_point touched;
    bool stale = false;  ///< frames were lost since the stream was asked for: it must be read again
    int fruitless = 0;   ///< readings in a row that brought nothing although frames are missing

    /// True when frames are missing before this one that the stream may still have. `torn`: the channel was
    /// not heard all the time, so an unknown generation may have begun unheard.
    bool misses(const events::published& what, bool torn) const;
};

class stream_cursors {
public:
    /// The generation's course, a new one when it is unknown.
    stream_cursor& of(const generation_id& generation, steady::time_point now);
    /// The one with this serial number, or null.
    stream_cursor* find(std::uint64_t serial);
    void forget(steady::time_point silent_since, steady::time_point ended_since);

    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }

private:
    // Few at a time: a conversation answers one message after the other.
    std::vector<std::unique_ptr<stream_cursor>> all_;
};

}  // namespace airi::gateway
