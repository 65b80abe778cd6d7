// A TCP server on loopback that does what a script says, byte for byte, and a way to run one coroutine to its
// end. Used by the tests of the HTTP client and of the providers.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi::tests {
namespace asio = boost::asio;

struct step {
    enum class kind { request, send, pause, hang, hang_up };
    kind what;
    std::string bytes{};
    milliseconds length{0};
};
/// Reads a whole request (header and Content-Length bytes).
inline step request() { return {step::kind::request}; }
inline step send(std::string bytes) { return {step::kind::send, std::move(bytes)}; }
inline step pause(int ms) { return {step::kind::pause, {}, milliseconds(ms)}; }
/// Waits until the client closes.
inline step hang() { return {step::kind::hang}; }
inline step hang_up() { return {step::kind::hang_up}; }

using script = std::vector<step>;

class raw_server {
public:
    struct record {
        std::vector<std::string> requests;
        int connections = 0;
        int left_by_client = 0;
    };

    /// One script for each connection, in order; the last one serves all further connections.
    raw_server(asio::io_context& on, std::vector<script> scripts)
        : acceptor_(on, {asio::ip::make_address("127.0.0.1"), 0}), seen_(std::make_shared<record>()) {
        asio::co_spawn(on, serve(&acceptor_, std::move(scripts), seen_), asio::detached);
    }
    std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + std::string(path);
    }
    const record& seen() const { return *seen_; }

private:
    static awaitable<> serve(asio::ip::tcp::acceptor* from, std::vector<script> scripts, std::shared_ptr<record> seen) {
        for (std::size_t i = 0;; ++i) {
            auto [ec, socket] = co_await from->async_accept(asio::as_tuple(asio::use_awaitable));
            if (ec) co_return;
            ++seen->connections;
            socket.set_option(asio::ip::tcp::no_delay(true));  // or a second send waits for a delayed ACK
            const auto& each = scripts[std::min(i, scripts.size() - 1)];
            asio::co_spawn(socket.get_executor(), play(std::move(socket), each, seen), asio::detached);
        }
    }

    static std::size_t body_length(std::string_view head) {
        const auto at = head.find("Content-Length: ");
        std::size_t length = 0;
        if (at != std::string_view::npos) std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
        return length;
    }

    static awaitable<> play(asio::ip::tcp::socket with, script what, std::shared_ptr<record> seen) {
        constexpr auto values = asio::as_tuple(asio::use_awaitable);
        std::string buffer;
        asio::steady_timer timer(with.get_executor());
        for (const auto& each : what) {
            switch (each.what) {
                case step::kind::request: {
                    const auto [ec, head] =
                        co_await asio::async_read_until(with, asio::dynamic_buffer(buffer), "\r\n\r\n", values);
                    if (ec) co_return;
                    const auto whole = head + body_length(std::string_view(buffer).substr(0, head));
                    while (buffer.size() < whole) {
                        char bytes[4096];
                        const auto [failed, size] = co_await with.async_read_some(asio::buffer(bytes), values);
                        if (failed) co_return;
                        buffer.append(bytes, size);
                    }
                    seen->requests.push_back(buffer.substr(0, whole));
                    buffer.erase(0, whole);
                    break;
                }
                case step::kind::send: co_await asio::async_write(with, asio::buffer(each.bytes), values); break;
                case step::kind::pause:
                    timer.expires_after(each.length);
                    co_await timer.async_wait(values);
                    break;
                case step::kind::hang: {
                    char byte;
                    const auto [ec, size] = co_await with.async_read_some(asio::buffer(&byte, 1), values);
                    if (ec && size == 0) ++seen->left_by_client;
                    co_return;
                }
                case step::kind::hang_up: co_return;
            }
        }
    }

    asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<record> seen_;
};

/// Runs `what` on `on` and gives its value; throws when that takes more than 20 s.
template <class T>
T run(asio::io_context& on, awaitable<T> what) {
    std::optional<T> out;
    std::exception_ptr thrown;
    asio::co_spawn(on, std::move(what), [&](std::exception_ptr failed, T value) {
        thrown = failed;
        out.emplace(std::move(value));
    });
    const auto by = std::chrono::steady_clock::now() + seconds(20);
    on.restart();
    while (!out && std::chrono::steady_clock::now() < by) on.run_one_until(by);
    if (thrown) std::rethrow_exception(thrown);
    if (!out) throw std::runtime_error("took too long");
    return std::move(*out);
}

/// Runs `on` until `holds` or 10 s have passed.
template <class Condition>
bool eventually(asio::io_context& on, Condition holds) {
    const auto by = std::chrono::steady_clock::now() + seconds(10);
    on.restart();
    while (!holds() && std::chrono::steady_clock::now() < by) on.run_one_for(milliseconds(20));
    return holds();
}

}  // namespace airi::tests
