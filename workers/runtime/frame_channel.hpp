// The port to the gateways: a generation's frames are appended to its stream and published in one step. Best effort:
// clients refetch from Postgres what is lost here.
#pragma once

#include <optional>
#include <string>

#include "events/frames/frame.hpp"
#include "platform/base/async.hpp"

namespace airi::workers {

struct outgoing_frame {
    events::generation_ids ids;
    events::position position;
    events::frame_type type = events::frame_type::delta;
    std::string more;  ///< JSON members besides the ids, without braces
};

/// A frame that belongs to no generation, for every subscriber of a user's or a conversation's channel.
struct announcement {
    std::string channel;
    std::string frame;
    std::optional<message_id> created{};  ///< set for a message_created
};

enum class appended {
    ok,
    history_lost,  ///< the stream is gone and this frame is of no use alone: send a snapshot
    superseded,    ///< the stream has a later entry: a later epoch, or this frame was sent already
    unavailable,   ///< Redis did not answer: the frame may or may not be there
};

class frame_channel {
public:
    virtual ~frame_channel() = default;
    virtual awaitable<appended> append(outgoing_frame) = 0;
    virtual awaitable<> announce(announcement) = 0;
    /// The worker that generates the reply stops. Postgres has the cancellation, which a worker reads that missed this.
    virtual awaitable<> cancel(generation_id) = 0;
    /// Rows of the user have changed: no gateway sends a response cached before that any more.
    virtual awaitable<> invalidate(user_id) = 0;
};

}  // namespace airi::workers
