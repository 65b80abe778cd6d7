// The bytes to and from one Redis server, plain or in TLS. Used by the connection only.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/redis/url.hpp"

namespace airi::redis {

/// The settings of TLS connections to this server, whose certificate and host name are verified; null for redis://.
/// Throws std::invalid_argument when the file with the authorities cannot be read.
std::shared_ptr<boost::asio::ssl::context> make_tls(const address&);

/// Kept alive by its own operations. One thread; at most one of each function runs at a time.
class transport : public std::enable_shared_from_this<transport> {
public:
    struct owner {
        std::function<void()> connected;
        std::function<void(std::string_view bytes)> received;
        std::function<void(std::string reason)> ended;  ///< once, and nothing is called afterwards
    };

    /// `host` is verified in TLS.
    transport(executor, std::shared_ptr<boost::asio::ssl::context> tls, std::string host, owner);

    void open(const boost::asio::ip::tcp::endpoint&);
    /// To append to: all that is appended in one turn of the loop leaves in one piece.
    std::string& outgoing();
    /// Nothing of the owner is called afterwards.
    void close();

private:
    using tcp = boost::asio::ip::tcp;

    template <class Operation>
    void with_stream(Operation run) {
        if (tls_)
            run(*tls_);
        else
            run(socket_);
    }
    void shake_hands();
    void start();
    void read();
    void flush();
    void end(const error_code&);

    std::shared_ptr<boost::asio::ssl::context> context_;
    const std::string host_;
    owner owner_;
    tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
    std::string waiting_, leaving_;
    std::array<char, 16 * 1024> arriving_;
    bool flushing_ = false;
    bool open_ = true;
};

}  // namespace airi::redis
