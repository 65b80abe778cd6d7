// One connection to Redis that reconnects whenever it is lost: resolving, connecting, AUTH and SELECT, backoff and the
// coarse tick; commands out, replies in. The base of the client and the subscriber. hiredis reads the replies; its own
// connections are not used, for 0.14 has no TLS.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/redis/patience.hpp"
#include "platform/redis/transport.hpp"

struct redisReply;
struct redisReader;

namespace airi::redis {

/// Kept alive by its own handlers until close(). All calls and hooks are on the executor's thread.
class connection : public std::enable_shared_from_this<connection> {
public:
    connection(executor executor, const secret& url, patience patience);
    virtual ~connection() = default;

    void start();
    /// Ends the connection for good; no hook but `abandoned` is called afterwards.
    void close();
    bool is_up() const noexcept { return up_; }

protected:
    /// Hooks: commands are possible from now on / a reply came, in the order of the commands / no reply that was
    /// awaited will come / the connection ended, called a little later / a tick passed while connected.
    virtual void ready() = 0;
    virtual void received(const redisReply&) = 0;
    virtual void abandoned() {}
    virtual void dropped() = 0;
    virtual void tick() = 0;

    /// Writes a command; false when there is no connection.
    bool send(std::span<const std::string_view> arguments);
    /// Drops this connection and opens the next one.
    void drop(std::string_view reason);
    std::uint64_t ticks() const noexcept { return ticks_; }
    /// In ticks.
    std::uint64_t answer_timeout() const { return ticks_in(patience_.answer); }
    std::uint64_t idle() const { return ticks_in(patience_.idle); }

private:
    void resolve();
    void connect_next();
    void send_handshake();
    void take(std::string_view bytes);
    void handshake_answered(const redisReply&);
    void end_link();
    void gone(bool was_up);
    void wait_and_reconnect();
    void run_tick();
    std::uint64_t ticks_in(milliseconds time) const { return static_cast<std::uint64_t>(time / patience_.tick()); }

    executor executor_;
    address server_;
    const patience patience_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer backoff_timer_;
    const std::shared_ptr<boost::asio::ssl::context> tls_;
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
    std::size_t next_endpoint_ = 0;
    std::shared_ptr<transport> link_;
    std::unique_ptr<redisReader, void (*)(redisReader*)> replies_;
    milliseconds backoff_{0};
    std::uint64_t ticks_ = 0;
    std::uint64_t opened_ = 0;
    int handshakes_ = 0;
    bool up_ = false;
    bool closed_ = false;
};

}  // namespace airi::redis
