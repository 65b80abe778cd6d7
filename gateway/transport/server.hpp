// One thread's server: listens, serves HTTP and WebSocket for the application, drains. Used by the gateway's main, one
// per io_context, and by tests.
#pragma once

#include <memory>

#include "gateway/http/application.hpp"
#include "gateway/transport/server_options.hpp"
#include "gateway/transport/session_counters.hpp"
#include "platform/base/async.hpp"

namespace airi::gateway {

/// All calls but `counters` on the thread that runs the executor's context, or while none does. To be destroyed before
/// that context, which then still holds unfinished sessions; the application must outlive the context's run.
class server {
public:
    /// Binds; throws boost::system::system_error when the address is not available or an option is not an address.
    server(const executor& executor, application& app, server_options options);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// As `stop`, but without close frames.
    ~server();

    void start();
    unsigned short port() const;
    const session_counters& counters() const;

    /// Behind trusted proxies goes on accepting for the first quarter of `limit`, in which they see that the gateway is
    /// not ready. Then stops accepting and ends idle connections; asks WebSocket clients to reconnect elsewhere, each
    /// after its own delay within the next half; lets running requests finish; closes the rest with 1012 at seven
    /// eighths. Ends when all connections are closed, at `limit` at the latest.
    awaitable<> drain(milliseconds limit);
    /// Ends a drain within a second: what it would do at seven eighths of its time happens now.
    void hasten();
    /// Ends now: WebSockets close with 1001, idle HTTP connections go.
    void stop();

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace airi::gateway
