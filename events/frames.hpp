// What clients see of a generation, and how it travels from the chat worker over Redis to the gateways.
//
// Each generation has a Redis stream `gen:{id}` whose entry ids are `epoch-offset`: Redis itself refuses an entry of an
// older epoch. Each entry is published in the same script on the conversation's channel as
// "<generation> <epoch> <offset> <type>\n<frame JSON>". Frames that belong to no generation are published as "-\n<frame
// JSON>".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"

namespace airi::events {

/// Where a frame stands in its generation. `epoch` rises with every new try, `offset` by one with every frame of it.
struct position {
    std::int64_t epoch = 0;
    std::int64_t offset = 0;
    auto operator<=>(const position&) const = default;
};

/// The ids every frame of a generation carries.
struct generation_ids {
    conversation_id conversation;
    generation_id generation;
    message_id message;  ///< the user's message
    message_id reply;    ///< the assistant's message: `message_id` of the frames
};

/// The types of a generation's frames. A snapshot holds the whole text of its epoch so far.
enum class frame_type { start, delta, snapshot, restart, complete, rejected, failed, cancelled };
std::string_view name_of(frame_type);  ///< message_start, message_delta, …
std::optional<frame_type> frame_type_of(std::string_view name);
/// True for the four ends.
bool is_end(frame_type);

/// {"type":…,"data":{ids, epoch, offset, …more}}; `more` is JSON members without braces, or empty.
std::string frame(frame_type, const generation_ids&, position, std::string_view more);
/// `"content":"…"` for a delta or a snapshot.
std::string content_member(std::string_view text);

/// The last frame of a generation, from how it ended (state as in chat.finished). `message` is the reply's JSON, or
/// null.
struct last_frame {
    frame_type type;
    std::string more;
};
last_frame end_frame(std::string_view state, std::string_view error_code, std::string_view message);

/// A frame as it travels.
struct published {
    bool of_generation = false;
    generation_id generation;
    position at;
    frame_type type = frame_type::delta;
    std::string_view frame;  ///< the JSON sent to clients
};
std::string publish_payload(const generation_id&, position, frame_type, std::string_view frame);
std::string publish_payload(std::string_view frame);
/// None when the payload is not of this shape. The view points into `payload`.
std::optional<published> read_payload(std::string_view payload);

std::string stream_key(const generation_id&);    ///< gen:{id}
std::string channel_of(const conversation_id&);  ///< conversation:{id}
std::string channel_of(const user_id&);          ///< user:{id}
std::string entry_id(position);                  ///< "3-17"
std::optional<position> read_entry_id(std::string_view text);
std::string state_key(const user_id&);  ///< state:{id}; absent from any change of the user's rows on
inline constexpr std::string_view cancel_channel = "cancellations";  ///< payload: a generation's id

}  // namespace airi::events
