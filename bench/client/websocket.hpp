// A WebSocket client (RFC 6455) that builds its own frames: sends and receives texts, answers pings.
#pragma once

#include <functional>

#include "bench/client/link.hpp"

namespace airi::bench {

class websocket final : public link {
public:
    websocket(loop& reactor, std::string path, std::string token)
        : link(reactor), path_(std::move(path)), token_(std::move(token)) {}

    std::function<void()> on_open;
    std::function<void(std::string_view)> on_text;
    std::function<void(std::string_view)> on_end;  ///< the reason

    void send_text(std::string_view text) { send_frame(1, text); }
    bool is_ready() const noexcept { return ready_; }

private:
    void opened() override;
    std::size_t received(std::string_view bytes) override;
    void ended() override;
    std::size_t shake_hands(std::string_view bytes);
    void send_frame(int opcode, std::string_view payload);
    void fail(std::string_view why);

    std::string path_;
    std::string token_;
    bool ready_ = false;
};

}  // namespace airi::bench
