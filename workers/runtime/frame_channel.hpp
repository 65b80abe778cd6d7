// The way of a generation's frames to the gateways: appended to its Redis stream and published in one script. Best
// effort: what is lost here is refetched from Postgres.
#pragma once

#include <string>

#include "events/frames.hpp"
#include "platform/base/async.hpp"

namespace airi::workers {

struct outgoing_frame {
    events::generation_ids ids;
    events::position at;
    events::frame_type type = events::frame_type::delta;
    std::string more;  ///< JSON members beside the ids, without braces
};

/// A frame that belongs to no generation: for everybody on a user's or a conversation's channel.
struct announcement {
    std::string channel;
    std::string frame;
};

enum class appended {
    ok,
    history_lost,  ///< the stream is gone and this frame does not stand alone: send a snapshot
    superseded,    ///< a later entry is there: this epoch has been taken over, or the frame was already sent
    away,          ///< Redis did not answer: unknown
};

class frame_channel {
public:
    virtual ~frame_channel() = default;
    virtual awaitable<appended> append(outgoing_frame) = 0;
    virtual awaitable<> announce(announcement) = 0;
    /// Rows of the user's were changed: no gateway gives an answer from before that any more.
    virtual awaitable<> changed(user_id) = 0;
};

}  // namespace airi::workers
