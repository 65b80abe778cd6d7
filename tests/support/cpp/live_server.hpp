// A gateway server on a loopback port with a fake application, on a thread of its own.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "gateway/transport/server.hpp"

namespace airi::tests {

/// Responds by path: /echo, /small (body ≤ 10), /throw, /held (waits for `release`), /stream, /endless, /bad-header,
/// /nothing (204), /large; sockets at /ws, /refused (401), /broken (throws). Anything else is 404.
class fake_application : public gateway::application {
public:
    explicit fake_application(boost::asio::io_context& io) : held(io, std::chrono::steady_clock::time_point::max()) {}

    std::size_t body_limit(gateway::verb method, std::string_view path) const override;
    awaitable<gateway::answer> handle(gateway::request in) override;
    awaitable<std::variant<gateway::response, gateway::upgraded>> upgrade(gateway::request in) override;
    std::shared_ptr<const gateway::security_headers> headers() const override { return security; }
    /// Every origin is allowed.
    void add_cors(std::string_view origin, std::vector<std::pair<std::string, std::string>>& headers) const override {
        if (!origin.empty()) headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    }

    std::shared_ptr<const gateway::security_headers> security = gateway::default_security_headers();
    boost::asio::steady_timer held;  ///< /held responds when it is cancelled
    std::atomic<int> handled{0};
    std::atomic<int> holding{0};
    std::atomic<int> streams_open{0};
    std::atomic<int> peers_open{0};
    std::atomic<int> peers_closed{0};
};

/// Time limits short enough for tests.
gateway::server_options quick_options();

class live_server {
public:
    explicit live_server(gateway::server_options options = quick_options());
    ~live_server();

    unsigned short port() const { return port_; }
    const gateway::session_counters& counters() const { return server_->counters(); }
    /// Runs `call` on the server's thread and waits for it.
    void on_thread(std::function<void()> call);
    /// Starts a drain; sets `drained` when it has ended.
    void drain(milliseconds limit);
    void hasten();
    void stop();

    boost::asio::io_context io{1};
    fake_application app{io};
    std::atomic<bool> drained{false};

private:
    std::optional<gateway::server> server_;
    unsigned short port_ = 0;
    std::thread thread_;
};

/// Polls until `holds`; false after ten seconds.
bool soon(const std::function<bool()>& holds);

}  // namespace airi::tests
