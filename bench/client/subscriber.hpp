// A socket subscribed to one channel of airi, of a server on npm `ws`, or of one on `socket.io`.
#pragma once

#include "bench/client/websocket.hpp"

namespace airi::bench {

enum class dialect { airi, ws, socketio };
dialect parse_dialect(std::string_view name);

class subscriber {
public:
    /// `channel` is subscribed to where the server does not do so by itself; empty: none.
    subscriber(loop& reactor, dialect protocol, const std::string& token, std::string channel);

    std::function<void()> on_joined;
    std::function<void()> on_delta;
    std::function<void(std::string_view why)> on_end;

    void connect(const endpoint& target, const std::string& source) { ws_.connect(target, source); }
    void send(std::string_view text) { ws_.send_text(text); }

private:
    void opened();
    void receive(std::string_view text);
    void receive_socketio(std::string_view text);

    dialect protocol_;
    std::string token_;
    std::string channel_;
    websocket ws_;
};

}  // namespace airi::bench
