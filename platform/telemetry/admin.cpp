#include "platform/telemetry/admin.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <unordered_set>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/telemetry/metrics.hpp"

namespace airi {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t max_request_bytes = 2048;
constexpr std::size_t max_connections = 32;

std::string response(std::string_view status, std::string_view body, std::string_view type = "text/plain") {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{}Connection: "
        "close\r\n\r\n{}",
        status, type, body.size(), status.starts_with("405") ? "Allow: GET\r\n" : "", body);
}

// `head`: the request up to its empty line.
std::string answer(std::string_view head, const std::function<bool()>& ready) {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || first == last || !line.substr(last + 1).starts_with("HTTP/1."))
        return response("400 Bad Request", "not an HTTP request\n");
    auto path = line.substr(first + 1, last - first - 1);
    path = path.substr(0, path.find('?'));
    const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics";
    if (!known) return response("404 Not Found", "no such page\n");
    if (line.substr(0, first) != "GET") return response("405 Method Not Allowed", "GET only\n");
    if (path == "/metrics") return response("200 OK", metrics::all().text(), metrics::content_type);
    if (path == "/readyz" && ready && !ready()) return response("503 Service Unavailable", "not ready\n");
    return response("200 OK", path == "/readyz" ? "ready\n" : "ok\n");
}

struct admin_connection {
    explicit admin_connection(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}
    void end() {
        error_code ignored;
        socket.close(ignored);
        timer.cancel();
    }
    tcp::socket socket;
    boost::asio::steady_timer timer;
};

}  // namespace

struct admin_server::state {
    state(const executor& executor, options o) : settings(std::move(o)), acceptor(executor), pause(executor) {}

    options settings;
    tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
    std::unordered_set<std::shared_ptr<admin_connection>> connections;

    static awaitable<void> serve(std::shared_ptr<state> self, std::shared_ptr<admin_connection> connection) {
        error_code ec;
        auto completion = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
        std::string input;
        const auto size = co_await boost::asio::async_read_until(
            connection->socket, boost::asio::dynamic_buffer(input, max_request_bytes), "\r\n\r\n", completion);
        std::string output;
        if (ec == boost::asio::error::not_found)
            output = response("431 Request Header Fields Too Large", "too long\n");
        else if (!ec)
            output = answer(std::string_view(input).substr(0, size), self->settings.ready);
        if (!output.empty()) {
            ec.clear();
            co_await boost::asio::async_write(connection->socket, boost::asio::buffer(output), completion);
            // Closing a socket with unread input would reset the connection and lose the response.
            if (!ec) connection->socket.shutdown(tcp::socket::shutdown_send, ec);
            while (!ec)
                co_await connection->socket.async_read_some(
                    boost::asio::buffer(input.data(), input.size()), completion);
        }
        connection->end();
        self->connections.erase(connection);
    }

    static awaitable<void> accept(std::shared_ptr<state> self) {
        error_code ec;
        auto completion = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
        while (self->acceptor.is_open()) {
            auto socket = co_await self->acceptor.async_accept(completion);
            if (!self->acceptor.is_open()) co_return;
            if (ec) {
                // No file descriptors left: accepting again at once would be a busy loop.
                self->pause.expires_after(milliseconds(200));
                co_await self->pause.async_wait(completion);
                continue;
            }
            if (self->connections.size() >= max_connections) continue;
            auto connection = std::make_shared<admin_connection>(std::move(socket));
            self->connections.insert(connection);
            connection->timer.expires_after(self->settings.deadline);
            connection->timer.async_wait([connection](error_code stopped) {
                if (!stopped) connection->end();
            });
            boost::asio::co_spawn(self->acceptor.get_executor(), serve(self, connection), boost::asio::detached);
        }
    }
};

admin_server::admin_server(executor executor, options options)
    : state_(std::make_shared<state>(executor, std::move(options))) {
    error_code wrong;
    const auto address = boost::asio::ip::make_address(state_->settings.host, wrong);
    if (wrong) throw boost::system::system_error(wrong, "ADMIN_ADDRESS is no IP address: " + state_->settings.host);
    const tcp::endpoint endpoint(address, state_->settings.port);
    auto& acceptor = state_->acceptor;
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    error_code taken;
    acceptor.bind(endpoint, taken);
    if (taken) throw boost::system::system_error(taken, fmt::format("cannot listen on port {}", endpoint.port()));
    acceptor.listen();
    boost::asio::co_spawn(executor, state::accept(state_), boost::asio::detached);
}

admin_server::~admin_server() { close(); }

std::uint16_t admin_server::port() const {
    error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}

void admin_server::close() {
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
    for (const auto& connection : state_->connections) connection->end();
}

}  // namespace airi
