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

constexpr std::size_t longest_request = 2048;
constexpr std::size_t most_connections = 32;
constexpr seconds deadline{5};

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
        return response("400 Bad Request", "no HTTP request\n");
    auto path = line.substr(first + 1, last - first - 1);
    path = path.substr(0, path.find('?'));
    const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics";
    if (!known) return response("404 Not Found", "no such page\n");
    if (line.substr(0, first) != "GET") return response("405 Method Not Allowed", "GET only\n");
    if (path == "/metrics") return response("200 OK", metrics::all().text(), metrics::content_type);
    if (path == "/readyz" && ready && !ready()) return response("503 Service Unavailable", "not ready\n");
    return response("200 OK", path == "/readyz" ? "ready\n" : "ok\n");
}

struct visitor {
    explicit visitor(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}
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
    state(const executor& on, options w) : with(std::move(w)), acceptor(on), pause(on) {}

    options with;
    tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
    std::unordered_set<std::shared_ptr<visitor>> visitors;

    static awaitable<void> serve(std::shared_ptr<state> me, std::shared_ptr<visitor> who) {
        error_code ec;
        auto wait = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
        std::string input;
        const auto size = co_await boost::asio::async_read_until(
            who->socket, boost::asio::dynamic_buffer(input, longest_request), "\r\n\r\n", wait);
        std::string output;
        if (ec == boost::asio::error::not_found)
            output = response("431 Request Header Fields Too Large", "too long\n");
        else if (!ec)
            output = answer(std::string_view(input).substr(0, size), me->with.ready);
        if (!output.empty()) {
            ec.clear();
            co_await boost::asio::async_write(who->socket, boost::asio::buffer(output), wait);
            // Closing over unread input would reset the connection and lose the answer.
            if (!ec) who->socket.shutdown(tcp::socket::shutdown_send, ec);
            while (!ec) co_await who->socket.async_read_some(boost::asio::buffer(input.data(), input.size()), wait);
        }
        who->end();
        me->visitors.erase(who);
    }

    static awaitable<void> accept(std::shared_ptr<state> me) {
        error_code ec;
        auto wait = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
        while (me->acceptor.is_open()) {
            auto socket = co_await me->acceptor.async_accept(wait);
            if (!me->acceptor.is_open()) co_return;
            if (ec) {
                // No descriptors left: accepting again at once would spin.
                me->pause.expires_after(milliseconds(200));
                co_await me->pause.async_wait(wait);
                continue;
            }
            if (me->visitors.size() >= most_connections) continue;
            auto who = std::make_shared<visitor>(std::move(socket));
            me->visitors.insert(who);
            who->timer.expires_after(deadline);
            who->timer.async_wait([who](error_code stopped) {
                if (!stopped) who->end();
            });
            boost::asio::co_spawn(me->acceptor.get_executor(), serve(me, who), boost::asio::detached);
        }
    }
};

admin_server::admin_server(executor on, options with) : state_(std::make_shared<state>(on, std::move(with))) {
    const tcp::endpoint at(boost::asio::ip::make_address(state_->with.host), state_->with.port);
    auto& acceptor = state_->acceptor;
    acceptor.open(at.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(at);
    acceptor.listen();
    boost::asio::co_spawn(on, state::accept(state_), boost::asio::detached);
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
    for (const auto& who : state_->visitors) who->end();
}

}  // namespace airi
