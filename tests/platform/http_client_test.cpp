#include <doctest/doctest.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "platform/base/ids.hpp"
#include "platform/http/client.hpp"
#include "tests/platform/http_raw_server.hpp"

namespace airi::tests {
namespace {

using http::errc;

const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

http::request get(std::string url) {
    http::request out;
    out.url = std::move(url);
    out.body = "{}";
    out.limits = {.connect = milliseconds(2000), .first_byte = seconds(8), .gap = seconds(8), .total = seconds(15)};
    return out;
}

struct fetched {
    unsigned status = 0;
    std::string body;
    error_code failed;
};

// One request, its answer read to the end or to its fault.
awaitable<fetched> fetch(http::client* with, http::request what) {
    fetched out;
    auto answer = co_await with->send(std::move(what));
    if (!answer) {
        out.failed = answer.error();
        co_return out;
    }
    out.status = (*answer)->status();
    for (;;) {
        auto piece = co_await (*answer)->read();
        if (!piece) out.failed = piece.error();
        if (!piece || piece->empty()) co_return out;
        out.body += *piece;
    }
}

struct world {
    asio::io_context on;
    raw_server server;
    std::unique_ptr<http::client> client;

    explicit world(std::vector<script> scripts)
        : server(on, std::move(scripts)), client(http::open_client(on.get_executor())) {}
    fetched fetch_one() { return run(on, fetch(client.get(), get(server.url("/a?b=c")))); }
    fetched fetch_within(milliseconds first_byte, milliseconds gap) {
        auto what = get(server.url());
        what.limits.first_byte = first_byte;
        what.limits.gap = gap;
        return run(on, fetch(client.get(), std::move(what)));
    }
};

// One client for all of them: opening a client reads the system's certificates.
fetched answer_of(script played) {
    static asio::io_context on;
    static const auto client = http::open_client(on.get_executor());
    const raw_server server(on, {std::move(played)});
    return run(on, fetch(client.get(), get(server.url("/a?b=c"))));
}

fetched answer_to(std::string bytes, step last = hang_up()) {
    return answer_of({request(), send(std::move(bytes)), last});
}

}  // namespace

TEST_CASE("an answer of known length is read and its connection is used again") {
    world w({{request(), send(whole), request(), send(whole), hang()}});
    CHECK(w.fetch_one().body == "hello");
    CHECK(w.fetch_one().body == "hello");
    CHECK(w.server.seen().connections == 1);
    REQUIRE(w.server.seen().requests.size() == 2);
    const auto& sent = w.server.seen().requests[0];
    CHECK(sent.starts_with("POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(sent.ends_with("\r\n\r\n{}"));
}

TEST_CASE("a chunked answer arrives piece by piece however it is cut") {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: "
        "v\r\n\r\n";
    for (std::size_t at = 1; at < chunked.size(); at += 3) {
        const auto got =
            answer_of({request(), send(chunked.substr(0, at)), pause(1), send(chunked.substr(at)), hang()});
        CHECK(!got.failed);
        CHECK(got.body == "hello world");
    }
}

TEST_CASE("an answer without a length ends with its connection") {
    CHECK(answer_to("HTTP/1.1 200 OK\r\n\r\nhello").body == "hello");
    CHECK(answer_to("HTTP/1.1 200 OK\r\n\r\n").body.empty());
}

TEST_CASE("any status is an answer and redirects are not followed") {
    CHECK(answer_to("HTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\nno").status == 429);
    CHECK(answer_to("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").status == 302);
    CHECK(answer_to("HTTP/1.1 204 None\r\n\r\n").status == 204);
}

TEST_CASE("interim answers are skipped up to a limit") {
    const std::string interim = "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n";
    CHECK(answer_to(interim + interim + whole).body == "hello");
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += interim;
    CHECK(answer_to(endless + whole).failed == errc::malformed);
    CHECK(answer_to("HTTP/1.1 101 Switching\r\n\r\n").failed == errc::malformed);
}

TEST_CASE("a transfer encoding other than chunked is rejected") {
    for (std::string coding : {"xchunked", "identity", "gzip, chunked", "chunked, identity",
             "\x0b"
             "chunked"})
        CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n").failed ==
              errc::malformed);
    CHECK(answer_to("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").failed == errc::malformed);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nContent-Length: 1\r\n\r\nx").failed ==
          errc::malformed);
}

TEST_CASE("garbage, wrong chunks and huge parts are errors") {
    CHECK(answer_to("SSH-2.0-OpenSSH_9\r\n\r\n").failed == errc::malformed);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n").failed == errc::malformed);
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(answer_to(chunked + "5\r\nhelloXX\r\n").failed == errc::malformed);
    CHECK(answer_to(chunked + "zz\r\nhello\r\n").failed == errc::malformed);
    CHECK(answer_to(chunked + "fffffffffffffffff\r\nhello").failed == errc::malformed);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n").failed == errc::too_large);
    CHECK(answer_to(chunked + "5;" + std::string(100'000, 'a') + "\r\nhello\r\n").failed == errc::too_large);
    CHECK(answer_to(chunked + "0\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n").failed == errc::too_large);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n").failed == errc::too_large);
}

TEST_CASE("the valid part before an error is still delivered") {
    const auto got = answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
    CHECK(got.body == "hello");
    CHECK(got.failed == errc::malformed);
}

TEST_CASE("a cut connection is an error, not the end of the body") {
    CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello").failed == errc::cut);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").failed == errc::cut);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nCont").failed == errc::cut);
    CHECK(answer_to("").failed == errc::cut);
}

TEST_CASE("a body over its limit is an error") {
    world w({{request(), send("HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x')), hang()}});
    auto what = get(w.server.url());
    what.limits.body_bytes = 100'000;
    const auto got = run(w.on, fetch(w.client.get(), std::move(what)));
    CHECK(got.failed == errc::too_large);
    CHECK(got.body.size() < 130'000);
}

TEST_CASE("each wait has its own limit") {
    const milliseconds brief(100), ample(8000);
    CHECK(world({{request(), hang()}}).fetch_within(brief, ample).failed == errc::first_byte_timeout);
    CHECK(world({{request(), send("HTTP/1.1 200 OK\r\nX: a"), hang()}}).fetch_within(brief, ample).failed ==
          errc::first_byte_timeout);
    const auto stalled = world(
        {{request(), send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"),
            hang()}}).fetch_within(ample, brief);
    CHECK(stalled.body == "hello");
    CHECK(stalled.failed == errc::gap_timeout);

    script drip{request(), send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")};
    for (int i = 0; i < 100; ++i) drip.insert(drip.end(), {send("x"), pause(20)});
    world w({drip});
    auto what = get(w.server.url());
    what.limits.total = milliseconds(200);
    CHECK(run(w.on, fetch(w.client.get(), std::move(what))).failed == errc::total_timeout);
}

TEST_CASE("a slow header has one time limit as a whole") {
    script drip{request(), send("HTTP/1.1 200 OK\r\n")};
    for (int i = 0; i < 100; ++i) drip.insert(drip.end(), {send("X: y\r\n"), pause(50)});
    CHECK(world({drip}).fetch_within(milliseconds(300), seconds(8)).failed == errc::first_byte_timeout);
}

TEST_CASE("a dead pooled connection is replaced without an error") {
    SUBCASE("found dead before use") {
        world w({{request(), send(whole), hang_up()}, {request(), send(whole), hang()}});
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.server.seen().connections == 2);
    }
    SUBCASE("closed on receiving the second request") {
        world w({{request(), send(whole), request(), hang_up()}, {request(), send(whole), hang()}});
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.server.seen().requests.size() == 3);
    }
    SUBCASE("but not twice, and not on a fresh connection") {
        world w({{request(), send(whole), request(), hang_up()}, {request(), hang_up()}});
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.fetch_one().failed == errc::cut);
        CHECK(w.server.seen().requests.size() == 3);
    }
    SUBCASE("and not once a byte of the answer has come") {
        world w({{request(), send(whole), request(), send("HTTP/1.1 2"), hang_up()}, {request(), send(whole), hang()}});
        CHECK(w.fetch_one().body == "hello");
        CHECK(w.fetch_one().failed == errc::cut);
    }
}

TEST_CASE("a connection with surplus bytes, or with Connection: close, is not reused") {
    world extra({{request(), send(whole + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), hang()},
        {request(), send(whole), hang()}});
    CHECK(extra.fetch_one().body == "hello");
    CHECK(extra.fetch_one().body == "hello");
    CHECK(extra.server.seen().connections == 2);

    world closing({{request(), send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), hang()}});
    CHECK(!closing.fetch_one().failed);
    CHECK(!closing.fetch_one().failed);
    CHECK(closing.server.seen().connections == 2);
}

TEST_CASE("destroying an answer closes its connection at once") {
    world w({{request(), send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"), hang()}});
    auto answer = run(w.on, w.client->send(get(w.server.url())));
    REQUIRE(answer.has_value());
    CHECK(run(w.on, (*answer)->read()).value() == "hello");
    SUBCASE("between reads") { answer->reset(); }
    SUBCASE("in the middle of one") {
        std::optional<error_code> ended;
        asio::co_spawn(w.on, (*answer)->read(),
            [&](std::exception_ptr, result<std::string> got) { ended = got ? error_code{} : got.error(); });
        w.on.poll();
        answer->reset();
        CHECK(eventually(w.on, [&] { return ended.has_value(); }));
        CHECK(*ended == errc::cancelled);
    }
    CHECK(eventually(w.on, [&] { return w.server.seen().left_by_client == 1; }));
}

TEST_CASE("give_up_at ends a body whose bytes are not progress") {
    script drip{request(), send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")};
    for (int i = 0; i < 100; ++i) drip.insert(drip.end(), {send("x"), pause(30)});
    world w({drip});
    auto answer = run(w.on, w.client->send(get(w.server.url())));
    REQUIRE(answer.has_value());
    (*answer)->give_up_at(std::chrono::steady_clock::now() + milliseconds(300));
    error_code failed;
    while (!failed) {
        const auto piece = run(w.on, (*answer)->read());
        if (!piece) failed = piece.error();
    }
    CHECK(failed == errc::gap_timeout);
}

TEST_CASE("read_all returns the rest, or an error over its limit") {
    world w({{request(), send("HTTP/1.1 200 OK\r\n\r\n" + std::string(50'000, 'x')), hang_up()}});
    auto first = run(w.on, w.client->send(get(w.server.url())));
    CHECK(run(w.on, (*first)->read_all(60'000)).value().size() == 50'000);
    auto second = run(w.on, w.client->send(get(w.server.url())));
    CHECK(run(w.on, (*second)->read_all(40'000)).error() == errc::too_large);
}

TEST_CASE("headers are found in any case, and a trailer does not add to them") {
    world w({{request(),
        send("HTTP/1.1 200 OK\r\nReTry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Late: "
             "1\r\n\r\n"),
        hang()}});
    auto answer = run(w.on, w.client->send(get(w.server.url())));
    CHECK((*answer)->header("retry-after") == "7");
    CHECK(run(w.on, (*answer)->read()).value().empty());
    CHECK((*answer)->header("x-late").empty());
}

TEST_CASE("an unreachable server and an invalid request have different errors") {
    asio::io_context on;
    const auto client = http::open_client(on.get_executor());
    std::string closed_port;
    {
        asio::ip::tcp::acceptor gone(on, {asio::ip::make_address("127.0.0.1"), 0});
        closed_port = std::to_string(gone.local_endpoint().port());
    }
    CHECK(run(on, fetch(client.get(), get("http://127.0.0.1:" + closed_port))).failed == errc::unreachable);
    CHECK(run(on, fetch(client.get(), get("http://localhost:" + closed_port))).failed == errc::unreachable);
    CHECK(run(on, fetch(client.get(), get("ftp://127.0.0.1/"))).failed == errc::bad_url);
    auto split = get("http://127.0.0.1:" + closed_port);
    split.headers = {{"X-Key", "a\r\nEvil: b"}};
    CHECK(run(on, fetch(client.get(), split)).failed == errc::bad_url);
}

TEST_CASE("a client of a Unix socket sends every request there, and never over TLS") {
    asio::io_context on;
    const auto path = (std::filesystem::temp_directory_path() / ("airi-" + uuid::v7().text())).string();
    using unix_protocol = asio::local::stream_protocol;
    unix_protocol::acceptor acceptor(on, unix_protocol::endpoint(path));
    unix_protocol::socket peer(on);
    std::string seen;
    const auto client = http::open_client(on.get_executor(), {.unix_socket = path});
    asio::co_spawn(
        on,
        [&]() -> awaitable<> {
            peer = co_await acceptor.async_accept(asio::use_awaitable);
            co_await asio::async_read_until(peer, asio::dynamic_buffer(seen), "\r\n\r\n", asio::use_awaitable);
            co_await asio::async_write(peer, asio::buffer(std::string_view(whole)), asio::use_awaitable);
        },
        asio::detached);
    CHECK(run(on, fetch(client.get(), get("http://docker/info"))).status == 200);
    CHECK(seen.starts_with("POST /info HTTP/1.1\r\nHost: docker\r\n"));
    CHECK(run(on, fetch(client.get(), get("https://docker/info"))).failed == errc::bad_url);
    acceptor.close();
    peer.close();
    std::filesystem::remove(path);
    CHECK(run(on, fetch(client.get(), get("http://docker/info"))).failed == errc::unreachable);
    const auto too_long = http::open_client(on.get_executor(), {.unix_socket = "/" + std::string(107, 'a')});
    CHECK(run(on, fetch(too_long.get(), get("http://docker/info"))).failed == errc::bad_url);
}

TEST_CASE("an early rejection is read even if the request was not fully sent") {
    world w(
        {{pause(30), send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), pause(150)}});
    auto what = get(w.server.url());
    what.body.assign(30'000'000, 'x');
    what.limits.first_byte = milliseconds(3000);
    const auto got = run(w.on, fetch(w.client.get(), std::move(what)));
    CHECK((got.status == 413 || got.failed == errc::cut));
}

}  // namespace airi::tests
