#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "gateway/transport/connection_limits.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/live_server.hpp"
#include "tests/support/cpp/raw_client.hpp"
#include "tests/support/cpp/ws_client.hpp"

using namespace airi;
using namespace airi::tests;
using airi::test::contains;

namespace {

constexpr std::string_view echo = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

// ms, of "leaving <request> <ms>".
int told_after(const std::string& payload) { return std::stoi(payload.substr(payload.rfind(' ') + 1)); }

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto in = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return in(used.ru_utime) + in(used.ru_stime);
}

}  // namespace

TEST_CASE("a port that another program has is named") {
    boost::asio::io_context io;
    const boost::asio::ip::tcp::acceptor other(io, {boost::asio::ip::address_v4::loopback(), 0});
    auto options = quick_options();
    options.port = other.local_endpoint().port();
    try {
        const live_server server(options);
        FAIL("two programs have one port");
    } catch (const std::exception& e) {
        CHECK(contains(e.what(), "cannot listen on port " + std::to_string(options.port) + ": Address already in use"));
    }
}

TEST_CASE("an address has a limit of connections, and a closed one makes room") {
    auto options = quick_options();
    options.per_address = 3;
    live_server server(options);
    std::vector<raw_client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(echo);
        CHECK(clients.back().read_reply().status == 200);
    }
    const auto refused = raw_client(server.port()).read_all();
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    const auto body = refused.substr(refused.find("\r\n\r\n") + 4);
    CHECK(contains(refused, "Content-Length: " + std::to_string(body.size()) + "\r\n"));
    CHECK(server.counters().connections_refused == 1);
    clients.pop_back();
    CHECK(soon([&] { return server.counters().connections_open == 2; }));
    CHECK(ask(server.port(), echo).status == 200);
}

TEST_CASE("the limit counts an IPv6 /64 as one address, across all servers of the process") {
    using boost::asio::ip::make_address;
    const auto limits = std::make_shared<gateway::connection_limits>(2, 3);
    auto a = limits->enter(make_address("2001:db8::1"), false);
    auto b = limits->enter(make_address("2001:db8::ffff:2"), false);
    CHECK(a);
    CHECK(b);
    CHECK_FALSE(limits->enter(make_address("2001:db8::3"), false));
    auto proxy = limits->enter(make_address("2001:db8::3"), true);
    CHECK(proxy);
    CHECK_FALSE(limits->enter(make_address("10.0.0.1"), false));
    proxy.reset();
    CHECK(limits->enter(make_address("::ffff:10.0.0.1"), false));
}

TEST_CASE("two servers share one port") {
    auto options = quick_options();
    live_server one(options);
    options.port = one.port();
    live_server two(options);
    std::vector<raw_client> clients;
    CHECK(soon([&] {
        clients.emplace_back(one.port());
        clients.back().send(echo);
        clients.back().read_reply();
        return one.app.handled > 0 && two.app.handled > 0;
    }));
}

TEST_CASE("without free descriptors connections are shed, and accepting resumes later") {
    live_server server;
    raw_client served(server.port());
    served.send(echo);
    CHECK(served.read_reply().status == 200);

    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    std::vector<int> held;
    rlimit low = before;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY)) held.push_back(fd);
    ::close(held.back());
    held.pop_back();

    // The client takes the last descriptor, so the server finds none.
    const auto begin = std::chrono::steady_clock::now();
    const auto used = cpu_seconds();
    {
        raw_client shed(server.port());
        CHECK(shed.read_all().empty());
        CHECK(server.counters().connections_refused >= 1);
        served.send(echo);
        CHECK(served.read_reply().status == 200);
        CHECK(soon([&] { return std::chrono::steady_clock::now() > begin + milliseconds(300); }));
        CHECK(cpu_seconds() - used < 0.2);
    }
    for (const int fd : held) ::close(fd);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(soon([&] {
        try {
            return ask(server.port(), echo).status == 200;
        } catch (const std::runtime_error&) {
            return false;
        }
    }));
}

TEST_CASE("a drain ends idle connections at once and lets running requests finish") {
    live_server server;
    raw_client idle(server.port()), busy(server.port());
    idle.send(echo);
    idle.read_reply();
    busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(soon([&] { return server.app.holding == 1; }));
    server.drain(seconds(20));
    CHECK(idle.read_all().empty());
    CHECK_THROWS(raw_client(server.port()));
    CHECK_FALSE(server.drained);
    server.on_thread([&] { server.app.held.cancel(); });
    const auto reply = busy.read_reply();
    CHECK(reply.status == 200);
    CHECK(reply.headers.at("connection") == "close");
    CHECK(soon([&] { return server.drained.load(); }));
}

TEST_CASE("a drain asks sockets to reconnect and closes those that stay with 1012") {
    live_server server;
    ws_client leaves(server.port()), stays(server.port());
    server.drain(milliseconds(400));
    const auto told = leaves.read_message();
    CHECK(told.payload.starts_with("leaving "));
    CHECK(told_after(told.payload) <= 200);
    leaves.raw.close();
    CHECK(stays.read_message().payload.starts_with("leaving "));
    CHECK(stays.read_close() == 1012);
    CHECK(soon([&] { return server.drained.load(); }));
    CHECK(server.app.peers_closed == 2);
}

TEST_CASE("a drain behind a balancer serves new connections until the balancer knows") {
    auto options = quick_options();
    options.trusted_proxies = {"127.0.0.1"};
    live_server server(options);
    raw_client idle(server.port());
    idle.send(echo);
    CHECK(idle.read_reply().headers.count("connection") == 0);
    server.drain(seconds(20));
    idle.send(echo);
    CHECK(idle.read_reply().headers.at("connection") == "close");
    raw_client late(server.port());
    late.send(echo);
    CHECK(late.read_reply().headers.at("connection") == "close");
    ws_client socket(server.port());
    const auto after = told_after(socket.read_message().payload);
    CHECK(after > 4'000);  // when no new connection comes here
    CHECK(after <= 15'000);
    server.hasten();
    CHECK(socket.read_close() == 1012);
    CHECK(soon([&] { return server.drained.load(); }));
    CHECK_THROWS(raw_client(server.port()));
}

TEST_CASE("a hastened drain ends although a request still runs") {
    live_server server;
    raw_client held(server.port());
    held.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(soon([&] { return server.app.holding == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    server.drain(seconds(60));
    server.hasten();
    CHECK(soon([&] { return server.drained.load(); }));
    CHECK(std::chrono::steady_clock::now() - begin < seconds(5));
    CHECK(held.read_all().empty());
}

TEST_CASE("a drain ends at its limit") {
    live_server server;
    ws_client deaf(server.port());
    raw_client held(server.port());
    held.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(soon([&] { return server.app.holding == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    server.drain(milliseconds(300));
    CHECK(soon([&] { return server.drained.load(); }));
    CHECK(std::chrono::steady_clock::now() - begin < seconds(2));
    CHECK(held.read_all().empty());
}

TEST_CASE("a server that stops closes its sockets with 1001") {
    live_server server;
    ws_client client(server.port());
    server.stop();
    CHECK(client.read_close() == 1001);
}
