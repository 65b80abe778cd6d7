// One generation on its way to one reader: first what was missed, then what is live, each frame once and in
// order, whichever of the two comes first. No I/O. Used by WebSocket `resume` and SSE per client, by the hub
// per channel.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/realtime/channel_listener.hpp"
#include "gateway/realtime/replay.hpp"

namespace airi::gateway {

/// Make it and join the channel, wait for the join, read the stream, release: then there is neither gap nor
/// double. A reader that is there before the generation begins releases it at once with `nothing_missed`.
class attached_generation {
public:
    /// Live frames are held back from now on. `seen`: the last frame the reader has.
    explicit attached_generation(std::optional<events::position> seen = std::nullopt) : last_(seen) {}

    /// A live frame of this generation: true when it is to be sent now; else it is held back or not news.
    bool hear(const delivered_frame& one);
    /// The history is read: what is to be sent now, in order; later frames go through `hear`. After `gone`
    /// the caller sends what Postgres knows, and deltas are left out until a frame comes that does not need
    /// what was lost.
    std::vector<entry> release(replayed history);

    /// Holds live frames back again, until the next release.
    void hold() noexcept { holding_ = true; }
    bool holding() const noexcept { return holding_; }
    std::size_t held() const noexcept { return held_.size(); }
    /// For a reader that looks at them itself, or will read them from the stream.
    std::vector<entry> take_held() noexcept { return std::exchange(held_, {}); }
    /// The last frame sent.
    std::optional<events::position> last() const noexcept { return last_; }
    bool ended() const noexcept { return ended_; }
    /// The text before the next frame is lost; deltas are left out.
    bool incomplete() const noexcept { return incomplete_; }

private:
    bool passes(events::position at, events::frame_type type);

    std::optional<events::position> last_;
    std::vector<entry> held_;
    bool holding_ = true;
    bool ended_ = false;
    bool incomplete_ = false;
};

}  // namespace airi::gateway
