// The order of one generation's frames for one reader: first the missed ones, then the live ones, each once, whichever
// of the two arrives first. No I/O. Used by the hub per channel, by the stream follower and by SSE per reader.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/realtime/channel_listener.hpp"
#include "gateway/realtime/replay.hpp"

namespace airi::gateway {

/// Create it and join the channel, wait for the join, read the stream, release: then there is neither gap nor double. A
/// reader that subscribed before it published the message releases it at once with `release_new`.
class attached_generation {
public:
    /// Live frames are held back from now on. `seen`: the last frame the reader has.
    explicit attached_generation(std::optional<events::position> seen = std::nullopt) : last_(seen) {}

    /// A live frame is to be sent now, or withheld: it is held back or a repetition. `behind`: frames are held back
    /// from this one on until release(), see release_new().
    enum class verdict { send, withhold, behind };
    verdict receive(const delivered_frame&);
    /// The history has been read: the frames to be sent now, in order; later frames go through `receive`. After `gone`
    /// the caller sends what Postgres has, and deltas are left out until a frame comes that needs none before it.
    std::vector<entry> release(replayed history);
    /// Nothing was published before the reader subscribed, unless another request published the same message: then the
    /// first frame is not the generation's first one, live frames are held back again, and the stream is to be read.
    std::vector<entry> release_new();

    /// Holds live frames back again, until the next release.
    void hold() noexcept { holding_ = true; }
    bool holding() const noexcept { return holding_; }
    std::size_t held() const noexcept { return held_.size(); }
    /// For a reader that examines them itself, or will read them from the stream.
    std::vector<entry> take_held() noexcept { return std::exchange(held_, {}); }
    /// The last frame sent.
    std::optional<events::position> last() const noexcept { return last_; }
    bool ended() const noexcept { return ended_; }
    /// The text before the next frame is lost; deltas are left out.
    bool incomplete() const noexcept { return incomplete_; }

private:
    bool passes(events::position, events::frame_type);
    bool lacks_beginning(events::frame_type type) const noexcept {
        return new_ && !last_ && type == events::frame_type::delta;
    }

    std::optional<events::position> last_;
    std::vector<entry> held_;
    bool holding_ = true;
    bool ended_ = false;
    bool incomplete_ = false;
    bool new_ = false;  // released by release_new()
};

}  // namespace airi::gateway
