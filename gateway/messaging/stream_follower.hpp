// The generations that one WebSocket follows: which of their frames are sent, which wait until missed ones are read,
// which repeat what was sent before. No I/O: the WebSocket handler reads streams and asks Postgres, and hands in what
// it got.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <vector>

#include "gateway/messaging/generation_status.hpp"
#include "gateway/realtime/attached_generation.hpp"

namespace airi::gateway {

class stream_follower {
public:
    using clock = std::chrono::steady_clock;

    /// The client sends the message of this generation: its frames are held back until release(). False when the client
    /// follows it already; it is then left as it is and needs no release.
    bool follow(const generation_id&);

    /// Where a resumed generation's stream is to be read from, none meaning its beginning; or the client has its end.
    struct resumption {
        std::optional<events::position> seen;
        bool ended = false;
    };
    /// The client resumes this generation after `seen`; its frames are held back until release(). Frames that were sent
    /// while the request was under way count as seen. When all were, nothing is followed.
    resumption resume(const generation_id&, std::optional<events::position> seen);

    void unfollow(const generation_id&);
    bool follows(const generation_id&) const;
    bool empty() const;  ///< the client follows no generation

    /// A live frame. `behind`: the stream is to be read and handed to release().
    using verdict = attached_generation::verdict;
    verdict receive(const delivered_frame&);

    /// The message has been published: the frames to be sent now; none when its generation is behind, as in receive().
    struct begun {
        std::vector<entry> frames;
        bool behind = false;
    };
    begun release_new(const generation_id&);

    /// The stream has been read: the frames to be sent now, in order. None when the generation is not followed any
    /// more.
    std::vector<entry> release(const generation_id&, replayed history);
    /// The same with what Postgres has in place of a stream that is gone: the end, or the text as of the last
    /// heartbeat, which may be older than the next live frame. So deltas are left out until a frame comes that needs
    /// none before it.
    std::vector<entry> release(const generation_status&);

    /// The generations without a frame for `limit`: Postgres may know that they have ended.
    std::vector<generation_id> silent(clock::time_point now, clock::duration limit) const;
    /// The end of a silent generation, to be sent; none when it has not ended or is not followed any more.
    std::optional<entry> end(const generation_status&);

private:
    struct stream {
        attached_generation order{};
        bool requested = true;  // false: the client neither sent its message nor resumed it
        clock::time_point last_frame = clock::now();
    };
    using streams = std::map<generation_id, stream>;

    stream* requested(const generation_id&);
    bool begin_unrequested(const delivered_frame&);
    void finish(const generation_id&);
    void remember_end(const generation_id&);

    streams streams_;
    std::deque<generation_id> ended_;  // the last ones: their frames are repetitions
};

}  // namespace airi::gateway
