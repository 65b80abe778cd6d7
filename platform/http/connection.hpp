// One TCP or TLS connection with one deadline at a time, which a pool's coarse tick enforces. Used by the
// client alone; held by shared_ptr, and every coroutine that reads or writes holds one too.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
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
    connection(executor on, std::string pool_key);
    ~connection();

    const std::string& pool_key() const { return pool_key_; }
    /// Resolves, connects and shakes hands.
    awaitable<error_code> open(url to, std::shared_ptr<const trust> with);
    awaitable<std::tuple<error_code, std::size_t>> read_some(boost::asio::mutable_buffer into);
    awaitable<std::tuple<error_code, std::size_t>> write(std::array<boost::asio::const_buffer, 2> what);

    /// From `by` on the next tick closes the connection and `closed_for` says `why`.
    void set_deadline(moment by, errc why);
    void enforce(moment now);
    /// Idempotent; pending reads and writes end with an error.
    void close(errc why);
    /// Why it was closed from this side; no error while it is open.
    error_code closed_for() const { return closed_for_; }
    /// True while nothing waits to be read: an idle connection that has an end, an error or bytes is of no
    /// use.
    bool is_quiet();

private:
    struct tls_layer;
    struct resolving;
    using addresses = boost::asio::ip::tcp::resolver::results_type;

    awaitable<std::pair<error_code, addresses>> resolve(std::string host, std::string port);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<tls_layer> tls_;
    std::weak_ptr<resolving> resolving_;
    std::string pool_key_;
    moment by_ = moment::max();
    errc why_ = errc::cancelled;
    error_code closed_for_;
};

}  // namespace airi::http
