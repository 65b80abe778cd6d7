// What every session of a thread shares (`session_host`) and what the thread's coarse tick asks of each of them
// (`connection`). Deadlines are members checked by the tick: no timer per request or frame.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
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

/// One that has something to write at the end of the turn.
class departing {
public:
    virtual ~departing() = default;
    virtual void depart() = 0;
};

struct session_host {
    session_host(application& serves, server_options with);

    application& app;
    const server_options options;
    const address_list proxies;
    session_counters counters;
    std::string date;  ///< the value of the Date header, renewed by the tick
    std::vector<connection*> connections;

    void tick(steady::time_point now);
    /// What is sent in one turn of the thread leaves together: one system call a socket, not one a frame.
    void depart_later(const executor& on, std::shared_ptr<departing> who);

private:
    long long date_second_ = -1;
    // Owned by what is posted, so that nothing outlives an executor that never comes to it.
    std::weak_ptr<std::vector<std::shared_ptr<departing>>> departures_;
};

/// The client a trusted proxy speaks for: the last X-Forwarded-For entry, if `peer` is such a proxy;
/// otherwise `peer`.
std::string client_behind(const std::string& peer, const address_list& proxies, const request& in);

class connection {
public:
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Closes what is over its time.
    virtual void tick(steady::time_point now) = 0;
    /// The server drains: go soon; a WebSocket tells its client to come back elsewhere in `after`.
    virtual void leave(milliseconds after) = 0;
    /// Go now, politely: WebSockets close with `code`, idle HTTP connections end.
    virtual void finish(unsigned short code) = 0;
    /// Closes the descriptor.
    virtual void abort() = 0;

protected:
    connection(std::shared_ptr<session_host> host, connection_limits::permit place);
    virtual ~connection();

    const std::shared_ptr<session_host> host_;
    connection_limits::permit permit_;

private:
    std::size_t index_;  // own place in host_->connections
};

}  // namespace airi::gateway
