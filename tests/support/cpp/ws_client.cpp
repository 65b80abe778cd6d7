#include "tests/support/cpp/ws_client.hpp"

#include <stdexcept>

namespace airi::tests {
namespace {

std::uint64_t number(std::string_view bytes) {
    std::uint64_t out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
    return out;
}

void append_number(std::string& out, std::uint64_t value, int bytes) {
    while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes) & 0xff);
}

}  // namespace

int ws_frame::close_code() const { return payload.size() < 2 ? 1005 : static_cast<int>(number(payload.substr(0, 2))); }

std::string handshake_request(std::string_view path, std::string_view headers) {
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(headers) + "\r\n";
}

ws_client::ws_client(unsigned short port, std::string_view path, std::string_view headers, int receive_bytes)
    : raw(port, receive_bytes) {
    raw.send(handshake_request(path, headers));
    answer = raw.read_reply();
    if (answer.status != 101) throw std::runtime_error("refused with " + std::to_string(answer.status));
}

std::string ws_client::bytes_of(const ws_frame& frame) {
    constexpr std::string_view mask("\x12\x34\x56\x78", 4);
    std::string out;
    out += static_cast<char>((frame.fin ? 0x80 : 0) | frame.reserved << 4 | frame.opcode);
    const int flag = frame.masked ? 0x80 : 0;
    const auto length = frame.payload.size();
    if (frame.announced || length > 0xffff) {
        out += static_cast<char>(flag | 127);
        append_number(out, frame.announced.value_or(length), 8);
    } else if (length > 125) {
        out += static_cast<char>(flag | 126);
        append_number(out, length, 2);
    } else {
        out += static_cast<char>(flag | static_cast<int>(length));
    }
    if (!frame.masked) return out + frame.payload;
    out += mask;
    for (std::size_t i = 0; i < length; ++i) out += static_cast<char>(frame.payload[i] ^ mask[i % 4]);
    return out;
}

ws_frame ws_client::read() {
    const auto head = raw.read_exactly(2);
    ws_frame out;
    out.fin = (head[0] & 0x80) != 0;
    out.reserved = head[0] >> 4 & 7;
    out.opcode = head[0] & 15;
    out.masked = (head[1] & 0x80) != 0;
    std::uint64_t length = head[1] & 127;
    if (length == 126)
        length = number(raw.read_exactly(2));
    else if (length == 127)
        length = number(raw.read_exactly(8));
    out.payload = raw.read_exactly(length);
    return out;
}

ws_frame ws_client::read_message() {
    for (;;) {
        auto frame = read();
        if (frame.opcode == 9)
            send({.opcode = 10, .payload = frame.payload});
        else if (frame.opcode != 10)
            return frame;
    }
}

int ws_client::read_close() {
    try {
        for (;;) {
            const auto frame = read();
            if (frame.opcode != 8) continue;
            raw.send_now(bytes_of({.opcode = 8, .payload = frame.payload}));
            return frame.close_code();
        }
    } catch (const std::runtime_error&) {
        return 1006;
    }
}

}  // namespace airi::tests
