// The frames a client may send over a WebSocket: {type, id?, data}. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "events/frames/all.hpp"
#include "gateway/http/problem.hpp"

namespace airi::gateway {

struct read_frame {
    std::string ref;  ///< the frame's id, for the frame that answers it
    std::variant<events::frames::client_frame, problem> content;
};

/// Reads one text message. A problem names the faulty member.
read_frame read_client_frame(std::string_view text);

std::string error_frame(const problem&, std::string_view ref);

}  // namespace airi::gateway
