// The part of a generation that a client or gateway missed: every missed frame, or the whole text so far. Read from the
// generation's Redis stream. Used by the hub, by WebSocket `resume` and by SSE.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/frames/frame.hpp"
#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

/// One frame of a generation, ready to be sent; the text is shared and never copied.
struct entry {
    events::position at;
    events::frame_type type = events::frame_type::delta;
    std::shared_ptr<const std::string> frame;
};

/// Outcome of a replay.
/// - recovered: `frames` continue what was seen (there may be none).
/// - snapshot: something in between is lost, and `frames` replace what was seen: a message_snapshot with the whole text
///   (`content`) and the end, if it has come; or the end alone when only that is left.
/// - gone: no stream, or no whole text in it: Postgres has more.
struct replayed {
    enum class kind { recovered, snapshot, gone };
    kind is = kind::gone;
    std::vector<entry> frames;  ///< to be sent in this order
    std::string content;        ///< with `snapshot`: the text as of its message_snapshot
    bool ended = false;         ///< the end is in the stream; it may be the last frame seen

    bool recovered() const noexcept { return is == kind::recovered; }
    /// For a reader that was subscribed all the time.
    static replayed nothing_missed() { return {kind::recovered, {}, {}, false}; }
};

/// The replay made of a stream's entries, in stream order. They may begin anywhere at or before the first one after
/// `seen`; when the result is not `recovered`, only the result for the whole stream counts. No `seen` means that
/// nothing was seen: the newest epoch from its beginning. When a later epoch has begun, the rest of the earlier ones is
/// left out: clients discard their text at its restart.
replayed decide(std::vector<entry> entries, std::optional<events::position> seen);

/// Reads what `decide` needs: the part after `seen`, and the whole stream only when that does not connect.
awaitable<result<replayed>> read_stream(
    redis::client& client, generation_id generation, std::optional<events::position> seen);

/// A message_snapshot, of a text from the stream or from Postgres.
std::string snapshot_frame(const events::generation_ids& ids, events::position at, std::string_view content);

/// The type of a frame as events::frame writes it; none for anything else.
std::optional<events::frame_type> type_of(std::string_view frame);

}  // namespace airi::gateway
