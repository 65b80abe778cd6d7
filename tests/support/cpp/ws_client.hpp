// A blocking WebSocket client (RFC 6455) that builds its own frames, so that malformed ones can be sent.
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
    std::optional<std::uint64_t> announced = {};  ///< an announced 64-bit length other than the payload's

    /// The code of a received close frame; 1005 when it has none.
    int close_code() const;
};

class ws_client {
public:
    /// Performs the handshake; throws unless the status is 101. `headers` are whole lines with CR LF.
    explicit ws_client(
        unsigned short port, std::string_view path = "/ws", std::string_view headers = "", int receive_bytes = 0);

    void send(const ws_frame& frame) { raw.send(bytes_of(frame)); }
    void send_text(std::string text) { send({.payload = std::move(text)}); }
    /// The next frame of any kind.
    ws_frame read();
    /// The next frame that is neither ping nor pong; pings are answered.
    ws_frame read_message();
    /// Reads up to a close frame, answers it and returns its code; 1006 when the stream ends without one.
    int read_close();

    static std::string bytes_of(const ws_frame& frame);

    raw_client raw;
    raw_reply answer;  ///< the response to the handshake
};

/// The request that starts a handshake.
std::string handshake_request(std::string_view path, std::string_view headers = "");

}  // namespace airi::tests
