#include "bench/client/websocket.hpp"

namespace airi::bench {

void websocket::opened() {
    std::string request = "GET " + path_ +
                          " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!token_.empty()) request += "Authorization: Bearer " + token_ + "\r\n";
    send(request + "\r\n");
    token_ = {};
}

void websocket::ended() { fail("closed"); }

void websocket::fail(std::string_view why) {
    close();
    ready_ = false;
    if (on_end) on_end(why);
}

std::size_t websocket::shake_hands(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return 0;
    if (!bytes.starts_with("HTTP/1.1 101")) {
        fail(bytes.substr(0, bytes.find('\r')));
        return 0;
    }
    ready_ = true;
    if (on_open) on_open();
    return end + 4;
}

std::size_t websocket::received(std::string_view bytes) {
    std::size_t used = ready_ ? 0 : shake_hands(bytes);
    while (ready_ && bytes.size() - used >= 2) {
        const auto frame = bytes.substr(used);
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(frame[at]); };
        std::size_t head = 2, length = byte(1) & 0x7f;
        if (const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0; more > 0) {
            head += more;
            if (frame.size() < head) break;
            length = 0;
            for (std::size_t i = 2; i < head; ++i) length = length << 8 | byte(i);
        }
        if (frame.size() < head + length) break;
        const auto payload = frame.substr(head, length);
        used += head + length;
        const int opcode = byte(0) & 0x0f;
        if (opcode == 1) {
            if (on_text) on_text(payload);
        } else if (opcode == 9) {
            send_frame(10, payload);
        } else if (opcode == 8) {
            const auto code = payload.size() >= 2
                                  ? static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1])
                                  : 1005;
            fail("close frame " + std::to_string(code));
        }
    }
    return used;
}

// Masked with zeros, which every server must accept and which costs nothing.
void websocket::send_frame(int opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | opcode));
    const auto length = payload.size();
    if (length < 126) {
        frame += static_cast<char>(0x80 | length);
    } else {
        const int bytes = length < 65'536 ? 2 : 8;
        frame += static_cast<char>(bytes == 2 ? 0xfe : 0xff);
        for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(length >> (8 * i) & 0xff);
    }
    frame.append(4, '\0');
    frame += payload;
    send(frame);
}

}  // namespace airi::bench
