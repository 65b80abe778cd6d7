#include "platform/telemetry/admin.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <thread>

#include "platform/telemetry/metrics.hpp"
#include "tests/support/cpp/contains.hpp"

namespace {

using namespace airi;
using airi::test::contains;
using boost::asio::ip::tcp;
using namespace std::chrono_literals;

struct running {
    explicit running(std::function<bool()> ready = {}, std::chrono::milliseconds deadline = 5s)
        : server(io.get_executor(), {.ready = std::move(ready), .deadline = deadline}), thread([this] { io.run(); }) {}
    ~running() {
        boost::asio::post(io, [this] { server.close(); });
        thread.join();
    }
    tcp::socket connect() {
        tcp::socket to(local);
        to.connect({boost::asio::ip::address_v4::loopback(), server.port()});
        return to;
    }
    // Everything the server says until it closes.
    std::string say(const std::string& text) {
        auto to = connect();
        boost::system::error_code ignored;
        boost::asio::write(to, boost::asio::buffer(text), ignored);
        std::string got;
        boost::asio::read(to, boost::asio::dynamic_buffer(got), ignored);
        return got;
    }
    std::string status(const std::string& line) { return say(line + "\r\nHost: x\r\n\r\n").substr(9, 3); }

    boost::asio::io_context io;
    boost::asio::io_context local;
    admin_server server;
    std::thread thread;
};

}  // namespace

TEST_CASE("a port that is taken is named") {
    running first;
    try {
        const admin_server second(first.io.get_executor(), {.port = first.server.port(), .ready = {}});
        FAIL("two servers have one port");
    } catch (const std::exception& e) {
        CHECK(contains(e.what(), "cannot listen on port " + std::to_string(first.server.port()) + ": Address already"));
    }
}

TEST_CASE("an address that is none is named") {
    boost::asio::io_context io;
    std::string why;
    try {
        const admin_server server(io.get_executor(), {.host = "localhost:9100", .ready = {}});
    } catch (const boost::system::system_error& e) {
        why = e.what();
    }
    CHECK(why.starts_with("ADMIN_ADDRESS is no IP address: localhost:9100"));
}

TEST_CASE("health, readiness and metrics are shown") {
    std::atomic<bool> ready{false};
    running at([&ready] { return ready.load(); });
    CHECK(at.status("GET /healthz HTTP/1.1") == "200");
    CHECK(at.status("GET /readyz HTTP/1.1") == "503");
    ready = true;
    CHECK(at.status("GET /readyz HTTP/1.0") == "200");
    metrics::counter_of("admin_test_total", "Counted by the test.").add(7);
    const auto page = at.say("GET /metrics?x=1 HTTP/1.1\r\n\r\n");
    CHECK(contains(page, "Content-Type: text/plain; version=0.0.4"));
    CHECK(contains(page, "\nadmin_test_total 7\n"));
    const auto body = page.substr(page.find("\r\n\r\n") + 4);
    CHECK(contains(page, "Content-Length: " + std::to_string(body.size()) + "\r\n"));
}

TEST_CASE("all other requests are rejected") {
    running at;
    CHECK(at.status("GET / HTTP/1.1") == "404");
    CHECK(at.status("GET /metrics/ HTTP/1.1") == "404");
    CHECK(at.status("GET /../etc/passwd HTTP/1.1") == "404");
    CHECK(at.status("POST /metrics HTTP/1.1") == "405");
    CHECK(at.status("HEAD /healthz HTTP/1.1") == "405");
    CHECK(contains(at.say("TRACE /healthz HTTP/1.1\r\n\r\n"), "\r\nAllow: GET\r\n"));
    CHECK(at.status("GET /healthz") == "400");
    CHECK(at.status("GET /healthz HTTP/2.0") == "400");
    CHECK(at.status("") == "400");
    CHECK(at.say("GET /healthz HTTP/1.1\r\nX: " + std::string(3000, 'x') + "\r\n\r\n").substr(9, 3) == "431");
    CHECK(at.say(std::string(100'000, 'x')).substr(9, 3) == "431");
}

TEST_CASE("silent clients are closed at the deadline, and surplus ones at once") {
    running at({}, 600ms);
    const auto start = std::chrono::steady_clock::now();
    std::vector<tcp::socket> silent;
    for (int i = 0; i < 32; ++i) silent.push_back(at.connect());
    CHECK(at.say("GET /healthz HTTP/1.1\r\n\r\n").empty());
    char byte;
    boost::system::error_code ec;
    for (auto& one : silent) boost::asio::read(one, boost::asio::buffer(&byte, 1), ec);
    const auto waited = std::chrono::steady_clock::now() - start;
    CHECK(waited > 500ms);
    CHECK(waited < 4s);
    CHECK(at.status("GET /healthz HTTP/1.1") == "200");
}

TEST_CASE("closing ends open connections and leaves nothing to wait for") {
    running at;
    auto silent = at.connect();
    CHECK(at.status("GET /healthz HTTP/1.1") == "200");
    boost::asio::post(at.io, [&at] { at.server.close(); });
    char byte;
    boost::system::error_code ec;
    boost::asio::read(silent, boost::asio::buffer(&byte, 1), ec);
    CHECK(ec);
}
