#include <doctest/doctest.h>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/live_server.hpp"
#include "tests/support/cpp/raw_client.hpp"

using namespace airi;
using namespace airi::tests;
using airi::test::contains;

namespace {

std::string get(std::string_view path, std::string_view lines = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view lines = "") {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("an answer carries the security headers, but its own header of the same name wins") {
    live_server server;
    const auto reply = ask(server.port(), get("/echo?a=b", "X-Request-Id: r-1\r\n"));
    CHECK(reply.status == 200);
    CHECK(reply.body.starts_with("/echo||127.0.0.1|00-"));
    CHECK(reply.body.ends_with("|a=b"));
    CHECK(reply.headers.at("x-request-id") == "r-1");
    CHECK(reply.headers.at("x-frame-options") == "SAMEORIGIN");
    CHECK(reply.headers.at("x-content-type-options") == "nosniff");
    CHECK(reply.headers.at("cache-control") == "no-store");
    CHECK(reply.headers.at("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK(reply.headers.at("date").ends_with("GMT"));
    CHECK_FALSE(reply.headers.contains("server"));
}

TEST_CASE("AIRI-12 SAAS-09: the application decides the security headers, those of the transport's own errors too") {
    live_server server;
    const auto policy = [&] {
        return std::pair(ask(server.port(), get("/echo")), ask(server.port(), get("/echo", "X: a\r\n b\r\n")));
    };
    const auto shown = [](const auto& reply) {
        return reply.headers.at("strict-transport-security") + " | " + reply.headers.at("content-security-policy");
    };
    const auto strict = policy();
    CHECK(strict.first.status == 200);
    CHECK(strict.second.status == 400);
    for (const auto& reply : {strict.first, strict.second})
        CHECK(shown(reply) == "max-age=31536000; includeSubDomains | default-src 'none'; frame-ancestors 'none'");
    server.on_thread([&] {
        server.app.security =
            std::make_shared<const gateway::security_headers>(gateway::header_policy{60, false, "default-src 'self'"});
    });
    const auto own = policy();
    for (const auto& reply : {own.first, own.second}) CHECK(shown(reply) == "max-age=60 | default-src 'self'");
    // A value that would break the framing is not sent.
    server.on_thread([&] {
        server.app.security = std::make_shared<const gateway::security_headers>(
            gateway::header_policy{60, false, "default-src 'self'\r\nX: y"});
    });
    CHECK(shown(policy().first) == "max-age=60 | default-src 'none'; frame-ancestors 'none'");
}

TEST_CASE("a rejected request gets an error envelope and ends the connection") {
    live_server server;
    raw_client client(server.port());
    client.send("GET / HTTP/1.1\r\n\r\n" + get("/echo"));
    const auto reply = client.read_reply();
    CHECK(reply.status == 400);
    CHECK(reply.headers.at("connection") == "close");
    CHECK(reply.headers.at("content-type") == "application/json; charset=utf-8");
    CHECK(
        reply.body == R"({"success":false,"error":{"code":"BAD_REQUEST","message":"A request needs exactly one Host.",)"
                      R"("details":null},"request_id":")" +
                          reply.headers.at("x-request-id") + "\"}");
    client.half_close();
    CHECK(client.read_all().empty());
    CHECK(server.app.handled == 0);
}

TEST_CASE("a header over its limit and malformed lines are rejected at once") {
    live_server server;
    CHECK(ask(server.port(), get("/echo", "X: " + std::string(9000, 'a') + "\r\n")).status == 431);
    raw_client dripping(server.port());
    dripping.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'));
    CHECK(dripping.read_reply().status == 431);
    CHECK(ask(server.port(), "GET / HTTP/1.1\nHost: a\n\n").status == 400);
    CHECK(ask(server.port(), get("/echo", "X: " + std::string(7000, 'a') + "\r\n")).status == 200);
}

TEST_CASE("a body in chunks is read like one with a length, and the next request behind it") {
    live_server server;
    raw_client client(server.port());
    const auto head = [](std::string_view path) {
        return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    };
    client.send(head("/echo") + "3\r\none\r\n0\r\n\r\n" + post("/echo", "two") + head("/echo") + "3\r\nth");
    CHECK(client.read_reply().body.starts_with("/echo|one|"));
    CHECK(client.read_reply().body.starts_with("/echo|two|"));
    client.send("r\r\n2\r\nee\r\n0\r\n\r\n");
    CHECK(client.read_reply().body.starts_with("/echo|three|"));
    std::string megabyte = head("/echo");
    for (int i = 0; i < 1024; ++i) megabyte += "400\r\n" + std::string(1024, 'y') + "\r\n";
    CHECK(ask(server.port(), megabyte + "0\r\n\r\n").body.size() > 1024 * 1024);
    CHECK(ask(server.port(), megabyte + "1\r\ny\r\n0\r\n\r\n").status == 413);
    CHECK(ask(server.port(), head("/small") + "a\r\n0123456789\r\n0\r\n\r\n").status == 200);
    CHECK(ask(server.port(), head("/small") + "ffffffff\r\n").status == 413);
    CHECK(ask(server.port(), head("/unknown") + "1\r\na\r\n0\r\n\r\n").headers.at("connection") == "close");
    raw_client patient(server.port());
    patient.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    CHECK(patient.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    patient.send("2\r\nok\r\n0\r\n\r\n");
    CHECK(patient.read_reply().body.starts_with("/echo|ok|"));
}

TEST_CASE("trailers and malformed chunks end the connection, and no second request is made of them") {
    live_server server;
    for (const std::string& body :
        {"0\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n", std::string("0\r\nAuthorization: Bearer evil\r\n\r\n"),
            std::string("1\r\nab\r\n"), std::string("zz\r\n"), std::string("1\na\r\n0\r\n\r\n")}) {
        raw_client client(server.port());
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + get("/echo"));
        const auto reply = client.read_reply();
        CHECK(reply.status == 400);
        CHECK(reply.headers.at("connection") == "close");
        client.half_close();
        CHECK(client.read_all().empty());
    }
    CHECK(server.app.handled == 0);
    CHECK(ask(server.port(), get("/echo")).status == 200);
}

TEST_CASE("a page of an allowed origin can read the refusals of the connection") {
    auto options = quick_options();
    options.limits.header_time = options.limits.body_time = milliseconds(100);
    live_server server(options);
    const std::string origin = "Origin: https://app.test\r\n";
    const auto cut_off = [&](std::string_view bytes) {
        raw_client client(server.port());
        client.send(bytes);
        return client.read_reply();
    };
    const auto upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n";
    const std::pair<unsigned, raw_reply> refused[] = {
        {400, ask(server.port(), get("/echo", origin + "X: a\r\n b\r\n"))},
        {413, ask(server.port(), post("/small", "0123456789a", origin))},
        {400,
            ask(server.port(), "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + origin + "\r\nx")},
        {431, ask(server.port(), get("/echo", origin + "X: " + std::string(9000, 'a') + "\r\n"))},
        {501, ask(server.port(), "BREW / HTTP/1.1\r\nHost: a\r\n" + origin + "\r\n")},
        {408, cut_off("GET / HTTP/1.1\r\n" + origin + "X: ")},
        {408, cut_off("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n" + origin + "\r\nx")},
        {426, ask(server.port(), get("/ws", origin + upgrade))},
        {500, ask(server.port(), get("/throw", origin))},
    };
    for (const auto& [status, reply] : refused) {
        CHECK(reply.status == status);
        CAPTURE(status);
        REQUIRE(reply.headers.contains("access-control-allow-origin"));
        CHECK(reply.headers.at("access-control-allow-origin") == "https://app.test");
    }
    // The origin of one request is not that of the next one.
    raw_client client(server.port());
    client.send(get("/throw", origin) + get("/throw"));
    CHECK(client.read_reply().headers.contains("access-control-allow-origin"));
    CHECK_FALSE(client.read_reply().headers.contains("access-control-allow-origin"));
}

TEST_CASE("pipelined requests are answered in order") {
    live_server server;
    raw_client client(server.port());
    client.send(
        post("/echo", "one") + post("/echo", "two") + get("/nothing") + "\r\n" + get("/echo", "Connection: close\r\n"));
    CHECK(client.read_reply().body.starts_with("/echo|one|"));
    CHECK(client.read_reply().body.starts_with("/echo|two|"));
    const auto nothing = client.read_reply();
    CHECK(nothing.status == 204);
    CHECK_FALSE(nothing.headers.contains("content-length"));
    CHECK(client.read_reply().headers.at("connection") == "close");
    CHECK(client.read_all().empty());
    CHECK(server.counters().requests[2] == 4);
}

TEST_CASE("HEAD answers with the length and no body") {
    live_server server;
    raw_client client(server.port());
    client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n" + get("/nothing"));
    const auto head = client.read_reply(false);
    CHECK(head.status == 200);
    CHECK(std::stoi(head.headers.at("content-length")) > 0);
    CHECK(client.read_reply().status == 204);
}

TEST_CASE("HTTP/1.0 closes unless keep-alive is requested") {
    live_server server;
    raw_client client(server.port());
    client.send("GET /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    CHECK(client.read_reply().headers.at("connection") == "keep-alive");
    client.send("GET /echo HTTP/1.0\r\nHost: a\r\n\r\n");
    CHECK(client.read_reply().headers.at("connection") == "close");
    CHECK(client.read_all().empty());
}

TEST_CASE("a body is read up to the limit of its route") {
    live_server server;
    CHECK(ask(server.port(), post("/small", "0123456789")).status == 200);
    const auto large = ask(server.port(), post("/small", "0123456789a"));
    CHECK(large.status == 413);
    CHECK(contains(large.body, "PAYLOAD_TOO_LARGE"));
    // The answer comes although the client is still sending.
    raw_client client(server.port());
    client.send(post("/small", std::string(500'000, 'x')));
    CHECK(client.read_reply().status == 413);
    const std::string megabyte(1024 * 1024, 'y');
    CHECK(ask(server.port(), post("/echo", megabyte)).body.size() > megabyte.size());
    CHECK(ask(server.port(), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n").status == 413);
}

TEST_CASE("the body for an unknown route stays unread") {
    live_server server;
    raw_client client(server.port());
    client.send(post("/unknown", "hidden"));
    const auto reply = client.read_reply();
    CHECK(reply.status == 404);
    CHECK(reply.headers.at("connection") == "close");
    CHECK(server.app.handled == 1);
}

TEST_CASE("Expect: 100-continue is answered or rejected") {
    live_server server;
    raw_client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    CHECK(client.read_reply().body.starts_with("/echo|ok|"));
    CHECK(ask(server.port(), "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n")
              .status == 413);
}

TEST_CASE("a handler that throws gives 500, and the connection stays open") {
    live_server server;
    raw_client client(server.port());
    client.send(get("/throw") + get("/echo"));
    const auto reply = client.read_reply();
    CHECK(reply.status == 500);
    CHECK_FALSE(contains(reply.body, "as asked"));
    CHECK(client.read_reply().status == 200);
    CHECK(server.counters().faults == 1);
}

TEST_CASE("a header that would split the answer is left out") {
    live_server server;
    const auto reply = ask(server.port(), get("/bad-header"));
    CHECK(reply.status == 200);
    CHECK(reply.headers.at("x-good") == "c");
    CHECK_FALSE(reply.headers.contains("x-injected"));
    CHECK_FALSE(reply.headers.contains("x-evil"));
}

TEST_CASE("EZRI-39: X-Forwarded-For is used from trusted proxies only, which are told apart") {
    const auto forwarded = get("/echo", "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n");
    live_server open;
    CHECK(contains(ask(open.port(), forwarded).body, "|127.0.0.1|"));
    CHECK_FALSE(contains(ask(open.port(), forwarded).body, "from proxy"));
    auto options = quick_options();
    options.trusted_proxies = {"127.0.0.0/8", "fd00::/8"};
    live_server behind(options);
    CHECK(contains(ask(behind.port(), forwarded).body, "|198.51.100.7|"));
    CHECK(contains(ask(behind.port(), get("/echo", "X-Forwarded-For: junk\r\n")).body, "|127.0.0.1|"));
    CHECK(contains(ask(behind.port(), get("/echo")).body, "from proxy"));
    options.trusted_proxies = {"198.51.100.0/24"};
    live_server elsewhere(options);
    const auto claimed = ask(elsewhere.port(), forwarded).body;
    CHECK(contains(claimed, "|127.0.0.1|"));
    CHECK_FALSE(contains(claimed, "from proxy"));
}

TEST_CASE("slow headers, slow bodies and idle connections time out") {
    auto options = quick_options();
    options.limits.header_time = options.limits.body_time = options.limits.idle_time = milliseconds(150);
    live_server server(options);
    raw_client silent(server.port()), header(server.port()), body(server.port()), idle(server.port());
    header.send("GET /echo HTTP/1.1\r\nHost: a\r\n");
    body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    idle.send(get("/echo"));
    CHECK(idle.read_reply().status == 200);
    // A byte now and then does not buy more time.
    CHECK(soon([&] { return !header.send_now("a") && !body.send_now("a"); }));
    CHECK(header.read_all().starts_with("HTTP/1.1 408 "));
    CHECK(body.read_all().starts_with("HTTP/1.1 408 "));
    CHECK(idle.read_all().empty());
    CHECK(silent.read_all().empty());
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
    CHECK(server.app.handled == 1);
}

TEST_CASE("a client that does not read its answer is disconnected") {
    auto options = quick_options();
    options.limits.write_stall = milliseconds(150);
    live_server server(options);
    raw_client client(server.port(), 4096);
    client.send(get("/large"));
    CHECK(soon([&] { return server.app.handled == 1; }));
    CHECK(soon([&] { return server.counters().connections_open == 0; }));
}

TEST_CASE("a stream is written piece by piece, and the connection is reused") {
    live_server server;
    raw_client client(server.port());
    client.send(get("/stream") + get("/echo"));
    const auto head = client.read_reply(false);
    CHECK(head.headers.at("content-type") == "text/event-stream");
    CHECK(head.headers.at("transfer-encoding") == "chunked");
    // Proxies neither collect nor compress it.
    CHECK(head.headers.at("x-accel-buffering") == "no");
    CHECK(head.headers.at("cache-control") == "no-cache, no-transform");
    CHECK(client.read_until("0\r\n\r\n") == "9\r\ndata: 2\n\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 0\n\n\r\n0\r\n\r\n");
    CHECK(client.read_reply().status == 200);
    raw_client old(server.port());
    old.send("GET /stream HTTP/1.0\r\nHost: a\r\n\r\n");
    CHECK(old.read_all().ends_with("\r\n\r\ndata: 2\n\ndata: 1\n\ndata: 0\n\n"));
    CHECK(server.app.streams_open == 0);
}

TEST_CASE("a disconnected client ends its stream at once") {
    live_server server;
    {
        raw_client client(server.port());
        client.send(get("/endless"));
        client.read_until("data: 0\n\n");
        CHECK(server.app.streams_open == 1);
    }
    CHECK(soon([&] { return server.app.streams_open == 0 && server.counters().connections_open == 0; }));
    CHECK(server.counters().faults == 0);
}
