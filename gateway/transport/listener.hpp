// The accepting socket of one thread (SO_REUSEPORT: the kernel spreads connections over the threads). Used by the
// server.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "gateway/transport/connection.hpp"

namespace airi::gateway {

class listener : public std::enable_shared_from_this<listener> {
public:
    using session_starter =
        std::function<void(std::shared_ptr<session_host>, boost::asio::ip::tcp::socket, connection_limits::permit)>;

    /// Binds at once; throws boost::system::system_error when the address is not available.
    listener(const executor& executor, std::shared_ptr<session_host> host, std::shared_ptr<connection_limits> limits,
        session_starter start_session);
    ~listener();

    /// Accepts until `stop`. With no descriptor left it sheds connections through a reserve descriptor and waits; it
    /// never spins.
    void start();
    void stop();
    unsigned short port() const;

private:
    static awaitable<> accept_all(std::shared_ptr<listener> self);
    void admit(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& peer);
    void shed();
    void take_reserve();

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<session_host> host_;
    std::shared_ptr<connection_limits> limits_;
    session_starter start_session_;
    int reserve_ = -1;
};

}  // namespace airi::gateway
