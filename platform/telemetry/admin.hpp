// The small HTTP server by which an orchestrator and Prometheus look at a worker: GET /healthz, /readyz,
// /metrics. Not for the open network: it has no TLS and no login, and listens on the loopback unless told
// otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "platform/base/async.hpp"

namespace airi {

class admin_server {
public:
    struct options {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;       ///< 0: any free one
        std::function<bool()> ready;  ///< asked on the server's thread for each /readyz; without it always ready
    };

    /// Listens at once; throws boost::system::system_error when it cannot.
    admin_server(executor on, options with);
    /// Ends the connections too.
    ~admin_server();
    std::uint16_t port() const;
    void close();

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace airi
