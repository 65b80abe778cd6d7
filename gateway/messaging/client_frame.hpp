// What a client may send over a WebSocket: {type, id?, data}. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "events/frames/frame.hpp"
#include "gateway/messaging/submit_message.hpp"

namespace airi::gateway {

struct client_ping {};
struct client_send {
    message_order order;
};
struct client_cancel {
    generation_id generation;
};
struct client_channel {
    std::string name;
    bool join = true;
};
struct client_resume {
    generation_id generation;
    std::optional<events::position> seen;  ///< none: nothing (offset -1)
};
struct client_typing {
    conversation_id conversation;
    bool started = true;
};

using client_frame =
    std::variant<client_ping, client_send, client_cancel, client_channel, client_resume, client_typing>;

struct read_frame {
    std::string ref;  ///< the frame's id, to be echoed
    std::variant<client_frame, problem> is;
};

/// Reads one text message; everything wrong with it is a problem that names the fault.
read_frame read_client_frame(std::string_view text);

/// {"type":…,"id":ref,"data":…}; no id when `ref` is empty.
std::string server_frame(std::string_view type, std::string_view data, std::string_view ref = {});
/// An error frame.
std::string error_frame(const problem&, std::string_view ref);

}  // namespace airi::gateway
