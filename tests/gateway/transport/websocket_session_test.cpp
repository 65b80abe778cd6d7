#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "gateway/settings.hpp"
#include "tests/support/cpp/live_server.hpp"
#include "tests/support/cpp/ws_client.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

// What the server closes with after these frames.
int closed_with(live_server& server, std::initializer_list<ws_frame> frames) {
    ws_client client(server.port());
    for (const auto& frame : frames) client.send(frame);
    return client.read_close();
}

}  // namespace

TEST_CASE("a socket is opened, echoes text of every length and is closed") {
    live_server server;
    {
        ws_client client(server.port(), "/ws", "Sec-WebSocket-Protocol: airi.v1, bearer.x\r\nX-Request-Id: r-9\r\n");
        CHECK(client.answer.headers.at("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        CHECK(client.answer.headers.at("sec-websocket-protocol") == "airi.v1");
        CHECK(client.answer.headers.at("x-request-id") == "r-9");
        CHECK_FALSE(client.answer.headers.contains("sec-websocket-extensions"));
        for (const std::size_t size : {0, 1, 125, 126, 511, 512, 513, 5000, 65535, 65536}) {
            const std::string text(size, 'a');
            client.send_text(text);
            const auto echo = client.read_message();
            CHECK(echo.opcode == 1);
            CHECK(echo.payload == text);
            CHECK_FALSE(echo.masked);
        }
        CHECK(server.counters().sockets_open == 1);
        CHECK(server.counters().frames_in == 10);
        client.send({.opcode = 8, .payload = std::string("\x03\xe8", 2)});
        CHECK(client.read_close() == 1000);
    }
    CHECK(soon([&] { return server.app.peers_closed == 1 && server.counters().connections_open == 0; }));
    CHECK(server.counters().sockets_open == 0);
    CHECK(server.app.peers_open == 0);
}

TEST_CASE("a message in fragments, with a ping between them, is one message") {
    live_server server;
    ws_client client(server.port());
    client.send({.payload = "\xE2\x82", .fin = false});
    client.send({.opcode = 9, .payload = "are you there"});
    client.send({.opcode = 0, .payload = "\xAC", .fin = false});
    client.send({.opcode = 0, .payload = ""});
    const auto pong = client.read();
    CHECK(pong.opcode == 10);
    CHECK(pong.payload == "are you there");
    CHECK(client.read().payload == "\xE2\x82\xAC");
}

TEST_CASE("many messages sent at once are all answered, in order") {
    live_server server;
    ws_client client(server.port());
    std::string all;
    for (int i = 0; i < 500; ++i) all += ws_client::bytes_of({.payload = std::to_string(i)});
    client.raw.send(all);
    for (int i = 0; i < 500; ++i) CHECK(client.read_message().payload == std::to_string(i));
}

TEST_CASE("frames that break the protocol close the socket with the code of their fault") {
    live_server server;
    CHECK(closed_with(server, {{.payload = "a", .masked = false}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 3, .payload = "a"}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 11, .payload = "a"}}) == 1002);
    CHECK(closed_with(server, {{.payload = "a", .reserved = 4}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 9, .payload = std::string(126, 'a')}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 9, .payload = "a", .fin = false}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 0, .payload = "a"}}) == 1002);
    CHECK(closed_with(server, {{.payload = "a", .fin = false}, {.payload = "b"}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 8, .payload = "\x03"}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 8, .payload = std::string("\x03\xed", 2)}}) == 1002);
    CHECK(closed_with(server, {{.opcode = 2, .payload = "a"}}) == 1003);
    CHECK(closed_with(server, {{.payload = "\xff"}}) == 1007);
    CHECK(closed_with(server, {{.payload = "\xE2\x82"}}) == 1007);
    CHECK(closed_with(server, {{.payload = "\xED\xA0\x80"}}) == 1007);
    CHECK(closed_with(server, {{.payload = "a", .announced = 512 * 1024 + 1}}) == 1009);
    CHECK(closed_with(server, {{.payload = std::string(500'000, 'a'), .fin = false},
                                  {.opcode = 0, .payload = std::string(30'000, 'a')}}) == 1009);
    for (const auto length : {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
        const auto code = closed_with(server, {{.payload = "a", .announced = length}});
        CHECK((code == 1009 || code == 1002));
    }
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
    CHECK(server.app.peers_open == 0);
}

TEST_CASE("a client that is still sending its too large message gets the close frame, not a reset") {
    live_server server;
    for (int i = 0; i < 20; ++i) CHECK(closed_with(server, {{.payload = std::string(513 * 1024, 'a')}}) == 1009);
    CHECK(soon([&] { return server.counters().sockets_open == 0; }));
}

TEST_CASE("SAAS-30: a socket is pinged every 30 s, and a ping has 30 s for its answer") {
    const auto limits = gateway::listening_of({}).limits;
    CHECK(limits.ping_every == seconds{30});
    CHECK(limits.pong_time == seconds{30});
}

TEST_CASE("a client that disconnects without a close frame is detected") {
    live_server server;
    {
        ws_client client(server.port());
    }
    CHECK(soon([&] { return server.app.peers_closed == 1; }));
}

TEST_CASE("a rejected handshake is an ordinary answer") {
    live_server server;
    raw_client client(server.port());
    client.send(handshake_request("/refused"));
    CHECK(client.read_reply().status == 401);
    client.send(handshake_request("/broken"));
    CHECK(client.read_reply().status == 500);
    auto old = handshake_request("/ws");
    old.replace(old.find("Version: 13"), 11, "Version: 12");
    client.send(old);
    const auto reply = client.read_reply();
    CHECK(reply.status == 426);
    CHECK(reply.headers.at("sec-websocket-version") == "13");
    auto keyless = handshake_request("/ws");
    keyless.replace(keyless.find("dGhl"), 24, "short");
    CHECK(ask(server.port(), keyless).status == 400);
    CHECK(ask(server.port(), handshake_request("/ws") + "early").status == 400);
    CHECK(server.app.peers_open == 0);
}

TEST_CASE("queued frames are sent before the application's close") {
    live_server server;
    ws_client client(server.port());
    client.send_text("policy");
    CHECK(client.read_message().payload == "last words");
    CHECK(client.read_close() == 1008);
    client.raw.close();
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
}

TEST_CASE("a handler that throws closes only its own socket, with 1011") {
    live_server server;
    ws_client one(server.port()), other(server.port());
    one.send_text("throw");
    CHECK(one.read_close() == 1011);
    other.send_text("still here");
    CHECK(other.read_message().payload == "still here");
    CHECK(server.counters().faults == 1);
}

TEST_CASE("a close that the client does not answer ends in time") {
    auto options = quick_options();
    options.limits.handshake_time = milliseconds(100);
    live_server server(options);
    ws_client client(server.port()), wrong(server.port());
    client.send_text("policy");
    wrong.send({.payload = "\xff"});
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
}

TEST_CASE("pings are sent, and a client that does not answer them is dead") {
    auto options = quick_options();
    options.limits.ping_every = milliseconds(50);
    options.limits.pong_time = milliseconds(150);
    live_server server(options);
    ws_client alive(server.port()), dead(server.port());
    for (int pings = 0; pings < 6;) {
        const auto frame = alive.read();
        CHECK(frame.opcode == 9);
        alive.send({.opcode = 10, .payload = frame.payload});
        ++pings;
    }
    CHECK(dead.read_close() == 1006);
    CHECK(server.counters().dead_peers == 1);
    CHECK(server.counters().sockets_open == 1);
}

TEST_CASE("a client that does not read is closed as slow over the byte budget") {
    live_server server;
    ws_client client(server.port(), "/ws", "", 4096);
    client.send_text("flood 100 60000");
    CHECK(soon([&] { return server.counters().slow_closes == 1; }));
    // It reads again in time: what was under way ends, and it is told why.
    CHECK(client.read_close() == 3008);
    CHECK(server.counters().frames_dropped > 0);
    client.raw.close();
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
    CHECK(server.counters().queued_bytes == 0);
}

TEST_CASE("while all sockets together have too much queued, those over an equal share are closed as slow") {
    auto options = quick_options();
    options.limits.queue_bytes = 64 * 1024 * 1024;
    options.limits.queued_in_all = 2 * 1024 * 1024;
    live_server server(options);
    std::vector<std::unique_ptr<ws_client>> greedy;
    for (int i = 0; i < 4; ++i) greedy.push_back(std::make_unique<ws_client>(server.port(), "/ws", "", 4096));
    ws_client other(server.port());
    for (auto& client : greedy) client->send_text("flood 20 60000");
    // One or two of them stay within what is there.
    CHECK(soon([&] { return server.counters().slow_closes >= 2; }));
    other.send_text("unharmed");
    CHECK(other.read_message().payload == "unharmed");
    greedy.clear();
    CHECK(soon([&] { return server.counters().connections_open == 1; }));
    // What they had is free again.
    ws_client next(server.port(), "/ws", "", 4096);
    const auto closes = server.counters().slow_closes.load();
    next.send_text("flood 20 60000");
    for (int i = 0; i < 20; ++i) CHECK(next.read_message().payload.size() == 60'000);
    CHECK(server.counters().slow_closes == closes);
}

TEST_CASE("a client that never reads is disconnected even if it keeps sending") {
    auto options = quick_options();
    options.limits.write_stall = milliseconds(200);
    live_server server(options);
    ws_client silent(server.port(), "/ws", "", 4096), talking(server.port(), "/ws", "", 4096), other(server.port());
    silent.send_text("flood 15 60000");
    talking.send_text("flood 15 60000");
    CHECK(soon([&] {
        talking.raw.send_now(ws_client::bytes_of({.payload = "x"}));
        return server.counters().sockets_open == 1;
    }));
    CHECK(server.counters().slow_closes == 2);
    other.send_text("unharmed");
    CHECK(other.read_message().payload == "unharmed");
}

TEST_CASE("a slow client that still reads stays connected") {
    auto options = quick_options();
    options.limits.write_stall = milliseconds(300);
    live_server server(options);
    ws_client client(server.port(), "/ws", "", 4096);
    client.send_text("flood 15 60000");
    const auto begin = std::chrono::steady_clock::now();
    std::size_t seen = 0;
    for (int i = 0; i < 15; ++i) {
        seen += client.read_message().payload.size();
        CHECK(soon([&] { return std::chrono::steady_clock::now() > begin + milliseconds(60) * i; }));
    }
    CHECK(seen == 15 * 60'000);
    CHECK(server.counters().slow_closes == 0);
}
