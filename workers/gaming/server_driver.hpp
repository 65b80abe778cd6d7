// The port to whatever runs the servers of a pool: processes of this machine, or containers. Used by the pool.
#pragma once

#include <string>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"

namespace airi::workers::gaming {

struct running_server {
    std::string handle;  ///< the driver's name for it
    std::string host;
    int port = 0;
};

class server_driver {
public:
    virtual ~server_driver() = default;
    virtual std::string_view name() const = 0;  ///< game_servers.driver
    /// The machine or the engine that the servers run on, which alone can check and stop them.
    virtual awaitable<result<std::string>> place() = 0;
    /// Starts a server that bears the ids of the pool and of itself.
    virtual awaitable<result<running_server>> start(uuid pool, uuid server) = 0;
    virtual awaitable<result<bool>> is_running(std::string handle) = 0;
    /// Ends everything that bears the server's id, and what the handle names. Success: nothing of it is left.
    virtual awaitable<result<>> stop(uuid server, std::string handle) = 0;
    /// The servers that run here and bear the pool's id.
    virtual awaitable<result<std::vector<uuid>>> list(uuid pool) = 0;
};

}  // namespace airi::workers::gaming
