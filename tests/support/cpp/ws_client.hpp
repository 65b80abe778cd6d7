// A blocking WebSocket client whose frames are made by hand, so that wrong ones can be sent (RFC 6455). Used
// by the session tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/cpp/raw_client.hpp"

namespace airi::tests {

struct ws_frame {
    int opcode = 1;
    std::string payload;
    bool fin = true;
    bool masked = true;
    int reserved = 0;                             ///< RSV1..3 as bits 4, 2, 1
    std::optional<std::uint64_t> announced = {};  ///< a 64-bit length other than the payload's

    /// Of a received close frame; 1005 when it has none.
    int close_code() const;
};

class ws_client {
public:
    /// Shakes hands; throws when the answer is not 101. `headers` are whole lines with CR LF.
    explicit ws_client(
        unsigned short port, std::string_view path = "/ws", std::string_view headers = "", int receive_bytes = 0);

    void send(const ws_frame& frame) { raw.send(bytes_of(frame)); }
    void send_text(std::string text) { send({.payload = std::move(text)}); }
    /// The next frame, whatever it is.
    ws_frame read();
    /// The next frame that is neither ping nor pong; pings are answered.
    ws_frame read_message();
    /// Reads up to a close frame and answers it: its code; 1006 when the stream ends without one.
    int read_close();

    static std::string bytes_of(const ws_frame& frame);

    raw_client raw;
    raw_reply answer;  ///< to the handshake
};

/// The request a handshake begins with.
std::string handshake_request(std::string_view path, std::string_view headers = "");

}  // namespace airi::tests
