// The channels of one gateway thread: each is subscribed to once at Redis, and its frames go to all its listeners.
// Missed frames of a generation are read from its stream and come before anything newer, once and in order. Best
// effort: while Redis is away nothing is received, and what it has lost comes with the next snapshot or end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/realtime/channel_listener.hpp"
#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

struct hub_options {
    milliseconds grace{1000};  ///< an empty channel stays subscribed that long
    milliseconds tick{250};
    milliseconds pause{50};         ///< before a stream is asked for again; doubles up to a second
    seconds remembered{600};        ///< a generation without frames is forgotten after that long
    seconds ended{60};              ///< one that has ended, after that long
    std::size_t held_frames = 512;  ///< of one generation while its stream is being read
};

/// Written by the hub's thread, read from any.
struct hub_counters {
    using count = std::atomic<std::uint64_t>;
    count channels{0};
    count frames_in{0};
    count frames_out{0};  ///< frames times listeners
    count unreadable{0};  ///< payloads of an unknown shape
    count streams_read{0};
    count streams_gone{0};
    count faults{0};  ///< exceptions out of listeners
};

class hub {
public:
    /// Takes over the subscriber's three functions. Both ports must outlive the hub, and be closed or still there while
    /// the thread runs on: a stream may be being read.
    hub(executor, redis::subscriber& subscriber, redis::client& client, hub_options options = {});
    ~hub() { close(); }
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;

    /// Ends when Redis has confirmed the subscription: the listener receives what is published from then on (and
    /// perhaps frames published before). With an error (Redis is away) it has joined all the same, and receives frames
    /// as soon as Redis is back.
    awaitable<result<>> join(std::string channel, std::shared_ptr<channel_listener>);
    /// The listener receives nothing of the channel any more. Joins are not counted: one leave is enough.
    void leave(std::string_view channel, const channel_listener*);
    /// Listeners receive nothing any more; waiting joins end as unavailable.
    void close();

    const hub_counters& counters() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace airi::gateway
