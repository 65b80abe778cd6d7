// One TCP connection on the loop: bytes in, bytes out. A derived class implements the protocol: WebSocket, HTTP, Redis.
#pragma once

#include <string>
#include <string_view>

#include "bench/client/loop.hpp"

namespace airi::bench {

struct endpoint {
    std::string host = "127.0.0.1";
    unsigned short port = 0;
    /// host:port, with or without a scheme before it; throws std::invalid_argument.
    static endpoint parse(std::string_view text);
};

class link : private loop::ready {
public:
    explicit link(loop& reactor) : reactor_(reactor) {}
    ~link() override { close(); }
    link(const link&) = delete;

    /// `from` is the source address; several of them give ten thousand connections enough ports. Empty: any.
    void connect(const endpoint& target, const std::string& source = {});
    void send(std::string_view bytes);
    void close();
    bool is_open() const noexcept { return fd_ >= 0; }

protected:
    virtual void opened() = 0;
    /// Returns the number of consumed bytes; the others are passed again, before the next ones.
    virtual std::size_t received(std::string_view bytes) = 0;
    /// The peer closed the connection, or connecting failed.
    virtual void ended() = 0;

    loop& reactor() noexcept { return reactor_; }

private:
    void readable() override;
    void writable() override;

    loop& reactor_;
    int fd_ = -1;
    bool connected_ = false;
    bool watching_write_ = false;
    std::string rest_;
    std::string unsent_;
};

}  // namespace airi::bench
