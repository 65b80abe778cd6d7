#include "tests/support/stub_provider/connection.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace airi::stub_provider {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t head_limit = 64 * 1024;
constexpr std::size_t body_limit = 32 * 1024 * 1024;
constexpr std::size_t piece = 16 * 1024;

}  // namespace

connection::connection(asio::ip::tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
}

awaitable<bool> connection::fill() {
    const std::size_t before = input_.size();
    input_.resize(before + piece);
    error_code failed;
    const std::size_t read = co_await socket_.async_read_some(
        asio::buffer(input_.data() + before, piece), asio::redirect_error(asio::use_awaitable, failed));
    input_.resize(before + read);
    if (failed) gone_ = true;
    co_return !failed;
}

awaitable<connection::got> connection::read(http_request& out) {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (input_.size() > head_limit) co_return got::nonsense;
        if (!co_await fill()) co_return got::end;
    }
    auto head = parse_head(std::string_view(input_).substr(0, end + 4));
    if (!head) co_return got::nonsense;
    out = std::move(*head);
    input_.erase(0, end + 4);
    if (out.field("expect") == "100-continue" && !co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return got::end;
    if (out.field("transfer-encoding") == "chunked") {
        while (true) {
            const auto taken = take_chunked(input_, out.body);
            if (!taken || input_.size() > body_limit) co_return got::nonsense;
            if (*taken > 0) {
                input_.erase(0, *taken);
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
    while (input_.size() < length) {
        if (!co_await fill()) co_return got::end;
    }
    out.body = input_.substr(0, length);
    input_.erase(0, length);
    co_return got::request;
}

awaitable<bool> connection::send(std::string_view bytes, pace plan) {
    const std::size_t step = plan.step == 0 ? bytes.size() : plan.step;
    while (!bytes.empty() && !gone_) {
        error_code failed;
        co_await asio::async_write(socket_, asio::buffer(bytes.data(), std::min(step, bytes.size())),
            asio::redirect_error(asio::use_awaitable, failed));
        if (failed) gone_ = true;
        bytes.remove_prefix(std::min(step, bytes.size()));
        if (plan.pause.count() > 0 && !bytes.empty()) co_await sleep_until(steady_clock::now() + plan.pause);
    }
    co_return !gone_;
}

awaitable<bool> connection::sleep_until(steady_clock::time_point when) {
    if (gone_) co_return false;
    timer_.expires_at(when);
    error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_return !gone_;
}

awaitable<void> connection::until_gone() {
    watch();
    while (co_await sleep_until(steady_clock::time_point::max())) {
    }
}

void connection::watch() {
    if (watch_ % 2 == 1) return;
    ++watch_;
    look();
}

void connection::look() {
    socket_.async_wait(
        asio::ip::tcp::socket::wait_read, [self = shared_from_this(), turn = watch_](const error_code& failed) {
            if (failed || turn != self->watch_) return;
            char bytes[4096];
            error_code ec;
            const std::size_t read = self->socket_.read_some(asio::buffer(bytes), ec);
            self->input_.append(bytes, read);
            if (ec && ec != asio::error::would_block) return self->gone();
            if (self->input_.size() < head_limit) self->look();
        });
}

void connection::gone() {
    gone_ = true;
    error_code ignored;
    timer_.cancel();
    socket_.cancel(ignored);
}

void connection::unwatch() {
    if (watch_ % 2 == 0) return;
    ++watch_;
    error_code ignored;
    socket_.cancel(ignored);
}

void connection::close() {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    socket_.close(ignored);
}

void connection::reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

}  // namespace airi::stub_provider
