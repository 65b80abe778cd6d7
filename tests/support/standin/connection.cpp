#include "tests/support/standin/connection.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace airi::standin {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t head_limit = 64 * 1024;
constexpr std::size_t body_limit = 32 * 1024 * 1024;
constexpr std::size_t piece = 16 * 1024;

}  // namespace

connection::connection(asio::ip::tcp::socket socket)
    : x_socket(std::move(socket)), x_timer(x_socket.get_executor()) {
    error_code ignored;
    x_socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    x_socket.non_blocking(true, ignored);
}

awaitable<bool> connection::fill() {
    const std::size_t before = x_in.size();
    x_in.resize(before + piece);
    error_code failed;
    const std::size_t read = co_await x_socket.async_read_some(
        asio::buffer(x_in.data() + before, piece), asio::redirect_error(asio::use_awaitable, failed));
    x_in.resize(before + read);
    if (failed) x_gone = true;
    co_return !failed;
}

awaitable<connection::got> connection::read(http_request& out) {
    std::size_t end = 0;
    while ((end = x_in.find("\r\n\r\n")) == std::string::npos) {
        if (x_in.size() > head_limit) co_return got::nonsense;
        if (!co_await fill()) co_return got::end;
    }
    auto head = parse_head(std::string_view(x_in).substr(0, end + 4));
    if (!head) co_return got::nonsense;
    out = std::move(*head);
    x_in.erase(0, end + 4);
    if (out.field("expect") == "100-continue" && !co_await send("HTTP/1.1 100 Continue\r\n\r\n"))
        co_return got::end;
    if (out.field("transfer-encoding") == "chunked") {
        while (true) {
            const auto taken = take_chunked(x_in, out.body);
            if (!taken || x_in.size() > body_limit) co_return got::nonsense;
            if (*taken > 0) {
                x_in.erase(0, *taken);
                co_return got::request;
            }
            if (!co_await fill()) co_return got::end;
        }
    }
    std::size_t length = 0;
    const std::string_view told = out.field("content-length");
    if (!told.empty() && std::from_chars(told.data(), told.data() + told.size(), length).ec != std::errc{}) {
        co_return got::nonsense;
    }
    if (length > body_limit) co_return got::nonsense;
    while (x_in.size() < length) {
        if (!co_await fill()) co_return got::end;
    }
    out.body = x_in.substr(0, length);
    x_in.erase(0, length);
    co_return got::request;
}

awaitable<bool> connection::send(std::string_view bytes, pace how) {
    const std::size_t step = how.step == 0 ? bytes.size() : how.step;
    while (!bytes.empty() && !x_gone) {
        error_code failed;
        co_await asio::async_write(x_socket, asio::buffer(bytes.data(), std::min(step, bytes.size())),
                                   asio::redirect_error(asio::use_awaitable, failed));
        if (failed) x_gone = true;
        bytes.remove_prefix(std::min(step, bytes.size()));
        if (how.pause.count() > 0 && !bytes.empty()) co_await sleep_until(steady_clock::now() + how.pause);
    }
    co_return !x_gone;
}

awaitable<bool> connection::sleep_until(steady_clock::time_point when) {
    if (x_gone) co_return false;
    x_timer.expires_at(when);
    error_code cancelled;
    co_await x_timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_return !x_gone;
}

awaitable<void> connection::until_gone() {
    watch();
    while (co_await sleep_until(steady_clock::time_point::max())) {
    }
}

void connection::watch() {
    if (x_watch % 2 == 1) return;
    ++x_watch;
    look();
}

void connection::look() {
    x_socket.async_wait(asio::ip::tcp::socket::wait_read,
                        [self = shared_from_this(), turn = x_watch](const error_code& failed) {
                            if (failed || turn != self->x_watch) return;
                            char bytes[4096];
                            error_code ec;
                            const std::size_t read = self->x_socket.read_some(asio::buffer(bytes), ec);
                            self->x_in.append(bytes, read);
                            if (ec && ec != asio::error::would_block) return self->gone();
                            if (self->x_in.size() < head_limit) self->look();
                        });
}

void connection::gone() {
    x_gone = true;
    error_code ignored;
    x_timer.cancel();
    x_socket.cancel(ignored);
}

void connection::unwatch() {
    if (x_watch % 2 == 0) return;
    ++x_watch;
    error_code ignored;
    x_socket.cancel(ignored);
}

void connection::close() {
    error_code ignored;
    x_socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    x_socket.close(ignored);
}

void connection::reset() {
    error_code ignored;
    x_socket.set_option(asio::socket_base::linger(true, 0), ignored);
    x_socket.close(ignored);
}

}  // namespace airi::standin
