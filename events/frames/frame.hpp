// The frames of a generation and how frames travel from the workers over Redis to the gateways.
//
// Each generation has a Redis stream `gen:{id}` whose entry ids are `epoch-offset`: Redis itself rejects an entry of an
// older epoch. The script that adds an entry also publishes it on the conversation's channel, as
// "<generation> <epoch> <offset> <type>\n<frame JSON>". Frames that belong to no generation are published as
// "-\n<frame JSON>", a message_created as "- <message>\n<frame JSON>": it goes to two channels, and a socket sends the
// frame of a message once. Readers ignore further words in the first line, so that a later version may add some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"

namespace airi::events {

/// The place of a frame in its generation. `epoch` rises with every attempt, `offset` by one with every frame of it.
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

/// The types of a generation's frames. A snapshot holds the whole text of its epoch so far; held is before the first
/// epoch, while the message waits for a person.
enum class frame_type { start, delta, snapshot, restart, held, complete, rejected, failed, cancelled };
std::string_view name_of(frame_type);  ///< message_start, message_delta, …
std::optional<frame_type> frame_type_of(std::string_view name);
/// True for the four ends.
bool is_end(frame_type);

/// {"type":…,"data":{ids, epoch, offset, …more}}; `more` is what `members_of` writes, or empty.
std::string frame(frame_type, const generation_ids&, position, std::string_view more);
/// The place of a frame `held`.
inline constexpr position held_place{0, 1};
/// `"content":"…"` for a delta or a snapshot.
std::string content_member(std::string_view text);

/// The member of a frame `held`.
std::string held_member(std::string_view reason);

/// The last frame of a generation, by its state in chat.finished. `message` is the reply's JSON, or null.
struct last_frame {
    frame_type type;
    std::string more;
};
last_frame end_frame(std::string_view state, std::string_view error_code, std::string_view message);

/// A frame as it was published.
struct published {
    bool of_generation = false;
    generation_id generation;
    position at;
    frame_type type = frame_type::delta;
    std::string_view frame;               ///< the JSON sent to clients
    std::optional<message_id> created{};  ///< of a message_created
};
std::string publish_payload(const generation_id&, position, frame_type, std::string_view frame);
std::string publish_payload(std::string_view frame, const std::optional<message_id>& created = std::nullopt);
/// None for a payload of another form. The view points into `payload`.
std::optional<published> read_payload(std::string_view payload);

std::string stream_key(const generation_id&);    ///< gen:{id}
std::string channel_of(const conversation_id&);  ///< conversation:{id}
std::string channel_of(const user_id&);          ///< user:{id}
std::string entry_id(position);                  ///< "3-17"
std::optional<position> read_entry_id(std::string_view text);
std::string state_key(const user_id&);  ///< state:{id}; deleted by every change of the user's rows
/// deleted:{id}; set for longer than any gateway caches the conversation's owner.
std::string deletion_key(const conversation_id&);
inline constexpr std::string_view cancel_channel = "cancellations";  ///< payload: a generation's id
/// Payload: the id of a user whose plan, role or rights have changed; gateways forget the account.
inline constexpr std::string_view account_channel = "accounts";
/// Payload: the id of a session or API key that has ended; gateways forget it and close its sockets.
inline constexpr std::string_view session_channel = "sessions";

}  // namespace airi::events
