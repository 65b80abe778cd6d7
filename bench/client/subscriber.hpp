// A socket subscribed to one channel of airi, of a server on npm `ws`, or of one on `socket.io`.
#pragma once

#include "bench/client/websocket.hpp"

namespace airi::bench {

enum class dialect { airi, ws, socketio };
dialect dialect_of(std::string_view name);

class subscriber {
public:
    /// `channel` is subscribed to where the server does not do so by itself; empty: none.
    subscriber(loop& on, dialect speaks, const std::string& token, std::string channel);

    std::function<void()> on_joined;
    std::function<void()> on_delta;
    std::function<void(std::string_view why)> on_end;

    void connect(const place& to, const std::string& from) { ws_.connect(to, from); }
    void send(std::string_view text) { ws_.send_text(text); }

private:
    void opened();
    void hear(std::string_view text);
    void hear_socketio(std::string_view text);

    dialect speaks_;
    std::string token_;
    std::string channel_;
    websocket ws_;
};

}  // namespace airi::bench
