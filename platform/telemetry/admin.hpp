// A small HTTP server with which an orchestrator and Prometheus monitor a worker: GET /healthz, /readyz, /metrics. It
// has no TLS and no authentication, so it must not be reachable from the public network; by default it listens on the
// loopback interface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi {

class admin_server {
public:
    struct options {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;       ///< 0: any free port
        std::function<bool()> ready;  ///< called on the server's thread for each /readyz; always ready without it
        milliseconds deadline{5000};  ///< for a whole request; then its connection is closed
    };

    /// Starts listening; throws boost::system::system_error when it cannot, or `host` is not an IP address.
    admin_server(executor executor, options options);
    /// Closes the connections too.
    ~admin_server();
    std::uint16_t port() const;
    void close();

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace airi
