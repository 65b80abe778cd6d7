// The state that all sessions of a thread share (`session_host`) and their common interface for the thread's coarse
// tick (`connection`). Deadlines are members that the tick checks: no timer per request or frame.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gateway/http/application.hpp"
#include "gateway/transport/connection_limits.hpp"
#include "gateway/transport/server_options.hpp"
#include "gateway/transport/session_counters.hpp"
#include "platform/base/async.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/result.hpp"

namespace airi::gateway {

using steady = std::chrono::steady_clock;

class connection;

/// A session with frames to write at the end of the turn.
class deferred_writer {
public:
    virtual ~deferred_writer() = default;
    virtual void write_deferred() = 0;
};

/// The time in which the clients of a draining server go.
struct departure {
    steady::time_point first, last;
};

struct session_host {
    session_host(application& application, server_options given);

    application& app;
    const server_options options;
    const address_list proxies;
    session_counters counters;
    std::string date;  ///< the value of the Date header, renewed by the tick
    std::vector<connection*> connections;
    std::optional<departure> leaving;  ///< the server drains: no connection outlives its current request

    /// Whether a socket with so many bytes queued has more than it may.
    bool is_slow(std::size_t queued_for_one) const;
    void tick(steady::time_point now);
    /// The time from now to a random moment within `leaving`, so that the clients do not come to the next server at
    /// once.
    milliseconds leave_after();
    /// Calls write_deferred() at the end of the thread's turn: one system call a socket, not one a frame.
    void defer_write(const executor& executor, std::shared_ptr<deferred_writer> writer);

private:
    long long date_second_ = -1;
    std::minstd_rand dice_{std::random_device{}()};
    // Owned by the posted function, so that nothing outlives an executor that never runs it.
    std::weak_ptr<std::vector<std::shared_ptr<deferred_writer>>> deferred_;
};

bool is_proxy(const std::string& peer, const address_list& proxies);
/// The client's address, behind a trusted proxy: the last X-Forwarded-For entry, or the proxy's own.
std::string client_behind(const std::string& proxy, const request& request);

class connection {
public:
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Closes the connection when a deadline has passed.
    virtual void tick(steady::time_point now) = 0;
    /// The server drains: a WebSocket asks its client to reconnect elsewhere after host_->leave_after(); an HTTP
    /// connection ends after its next response, or idle at the beginning of the departure.
    virtual void leave() = 0;
    /// End now, cleanly: WebSockets close with `code`, idle HTTP connections end.
    virtual void finish(unsigned short code) = 0;
    /// Closes the descriptor.
    virtual void abort() = 0;

protected:
    connection(std::shared_ptr<session_host> host, connection_limits::permit place);
    virtual ~connection();

    const std::shared_ptr<session_host> host_;
    connection_limits::permit permit_;

private:
    std::size_t index_;  // in host_->connections
};

}  // namespace airi::gateway
