// One connection over TCP, TLS or a Unix socket with one deadline at a time, enforced by the pool's coarse tick. Used
// by the client only; owned by shared_ptr, also by every coroutine that reads or writes.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <tuple>

#include "platform/base/async.hpp"
#include "platform/http/client.hpp"
#include "platform/http/url.hpp"

namespace airi::http {

using moment = std::chrono::steady_clock::time_point;

/// The TLS settings shared by all connections of a client.
class trust {
public:
    trust();
    ~trust();
    struct state;
    state& settings() const { return *state_; }

private:
    std::unique_ptr<state> state_;
};

class connection : public std::enable_shared_from_this<connection> {
public:
    /// unix_socket: the path to connect to; empty: the host of the URL.
    connection(executor on, std::string pool_key, std::string unix_socket);
    ~connection();

    const std::string& pool_key() const { return pool_key_; }
    /// Resolves the host, connects and does the TLS handshake.
    awaitable<error_code> open(url to, std::shared_ptr<const trust> with);
    awaitable<std::tuple<error_code, std::size_t>> read_some(boost::asio::mutable_buffer into);
    awaitable<std::tuple<error_code, std::size_t>> write(std::array<boost::asio::const_buffer, 2> what);

    /// The first tick after `by` closes the connection, and `closed_for` returns `why`.
    void set_deadline(moment by, errc why);
    void enforce(moment now);
    /// Idempotent; pending reads and writes end with an error.
    void close(errc why);
    /// The reason given to close(); no error while the connection is open.
    error_code closed_for() const { return closed_for_; }
    /// True while there is nothing to read: an idle connection with an end of stream, an error or unread bytes
    /// cannot be used again.
    bool is_quiet();

private:
    struct tls_layer;
    struct resolving;
    using addresses = boost::asio::ip::tcp::resolver::results_type;

    awaitable<std::pair<error_code, addresses>> resolve(std::string host, std::string port);
    awaitable<error_code> open_unix();

    boost::asio::generic::stream_protocol::socket socket_;
    std::unique_ptr<tls_layer> tls_;
    std::weak_ptr<resolving> resolving_;
    std::string pool_key_;
    std::string unix_socket_;
    moment by_ = moment::max();
    errc why_ = errc::cancelled;
    error_code closed_for_;
};

}  // namespace airi::http
