#include "gateway/transport/http_request.hpp"

#include <doctest/doctest.h>

#include "gateway/transport/http_target.hpp"
#include "gateway/transport/trace.hpp"

using namespace airi::gateway;

namespace {

unsigned refused_with(std::string_view raw, std::vector<std::string> hosts = {}, bool peer_is_here = false) {
    request_head head;
    const auto why = read_head(raw, {hosts, peer_is_here}, head);
    return why ? why->status : 0;
}

std::string with(std::string_view lines, std::string_view first = "POST /echo HTTP/1.1") {
    return std::string(first) + "\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

request_head good(std::string_view raw) {
    request_head head;
    CHECK_FALSE(read_head(raw, {}, head));
    return head;
}

}  // namespace

TEST_CASE("a request is read into its parts") {
    const auto head = good(
        "PATCH /a%20b/c?x=1&y=%C3%A9+z&flag HTTP/1.1\r\nHost: a\r\nX-Thing: One\r\nContent-Length: "
        "3\r\n\r\n");
    CHECK(head.request.method == verb::patch);
    CHECK(head.request.path == "/a b/c");
    CHECK(head.request.parameter("x") == "1");
    CHECK(head.request.parameter("y") == "\xC3\xA9 z");
    CHECK(head.request.parameter("flag") == "");
    CHECK_FALSE(head.request.parameter("other"));
    CHECK(head.request.header("x-thing") == "One");
    CHECK(head.content_length == 3);
    CHECK(head.keep_alive);
}

TEST_CASE("a body comes in chunks or with a length, never with both, and in no other encoding") {
    for (const auto* te : {"chunked", "Chunked"}) {
        const auto head = good(with(std::string("Transfer-Encoding: ") + te + "\r\n"));
        CHECK(head.chunked);
        CHECK(head.content_length == 0);
        CHECK(head.keep_alive);
    }
    for (const auto* te : {"xchunked", "identity", "chunked, identity", "gzip, chunked",
             "\x0b"
             "chunked",
             "chunked, chunked", "\"chunked\"", "chunked;q=1", ""}) {
        CAPTURE(te);
        CHECK(refused_with(with(std::string("Transfer-Encoding: ") + te + "\r\n")) >= 400);
        CHECK(refused_with(with(std::string("Content-Length: 5\r\nTransfer-Encoding: ") + te + "\r\n")) == 400);
    }
    CHECK(refused_with(with("Transfer-Encoding: gzip\r\n")) == 501);
    CHECK(refused_with(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(refused_with(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")) == 400);
    CHECK(refused_with(with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")) == 400);
    CHECK(refused_with(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) >= 400);
    CHECK(refused_with(with("Transfer-Encoding: chunked\r\n", "POST /echo HTTP/1.0")) == 400);
}

TEST_CASE("a Content-Length is one plain number") {
    for (const auto* bad : {"+5", "-5", "0x5", "5, 5", "5 5", "", "18446744073709551621", "5;"}) {
        CAPTURE(bad);
        CHECK(refused_with(with(std::string("Content-Length: ") + bad + "\r\n")) == 400);
    }
    CHECK(refused_with(with("Content-Length: 5\r\nContent-Length: 5\r\n")) == 400);
    CHECK(refused_with(with("Content-Length: 5\r\nContent-Length: 6\r\n")) == 400);
}

TEST_CASE("a request has exactly one Host, and it is served here") {
    CHECK(refused_with("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost:\r\n\r\n") == 400);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
    for (const auto* bad : {"[::1].evil.test", "[::1]x", "[::1", "a:80x", "a:80:80", "a:evil.test"})
        CHECK(refused_with("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n") == 400);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", {"api.test"}) == 421);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", {"api.test"}, true) == 421);
    for (const auto* own : {"localhost:3001", "127.0.0.1", "[::1]:3001"}) {
        const auto raw = "GET / HTTP/1.1\r\nHost: " + std::string(own) + "\r\n\r\n";
        CHECK(refused_with(raw, {"api.test"}) == 421);
        CHECK(refused_with(raw, {"api.test"}, true) == 0);
    }
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: API.test:443\r\n\r\n", {"api.test"}) == 0);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", {"[::1]"}) == 0);
}

TEST_CASE("a plain health check of HTTP/1.0 names no host, or the address that it has connected to") {
    const std::vector<std::string> served{"api.test"};
    CHECK(refused_with("GET /healthz HTTP/1.0\r\n\r\n", served) == 0);
    CHECK(refused_with("OPTIONS / HTTP/1.0\r\n\r\n", served) == 0);
    CHECK(refused_with("GET / HTTP/1.0\r\nHost: evil.test\r\n\r\n", served) == 421);
    CHECK(refused_with("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    const auto to_address = [&](std::string_view host, std::string_view own) {
        request_head head;
        const auto why =
            read_head("GET /healthz HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", {served, false, own}, head);
        return why ? why->status : 0;
    };
    CHECK(to_address("10.1.2.3:3001", "10.1.2.3") == 0);
    CHECK(to_address("[fd00::1]:3001", "[fd00::1]") == 0);
    CHECK(to_address("10.1.2.4:3001", "10.1.2.3") == 421);
    CHECK(to_address("10.1.2.3:3001", "") == 421);
}

TEST_CASE("a target has valid percent-encoding and one of two forms") {
    for (const auto* bad : {"a", "*", "/a%", "/a%2", "/a%zz", "/a%00", "/a%0d%0aX",
             "/a\x01"
             "b",
             "/a\xff", "/a%ff", "/a?x=%", "/a?x=%00", "/a?%ff=1", "/a\x7f", "/a#b", "/%ed%a0%80", "/%c0%af", "http://",
             "http:///x", "http://a@b/", "http:a", "ftp://a/", "//", "http://a#b"}) {
        CAPTURE(bad);
        const auto status = refused_with(with("", std::string("GET ") + bad + " HTTP/1.1"));
        CHECK(status == (std::string_view(bad) == "//" ? 0 : 400));
    }
    CHECK(good(with("", "GET /%F0%9F%98%80 HTTP/1.1")).request.path == "/\xF0\x9F\x98\x80");
}

TEST_CASE("the same path is reached with slashes too many and with encoded letters") {
    const auto path = [](std::string_view target) {
        return good(with("", "GET " + std::string(target) + " HTTP/1.1")).request.path;
    };
    for (const auto* target : {"/v1/models", "//v1/models", "/v1//models", "/v1/models/", "///v1///models///",
             "/v1/%6dodels", "/%76%31/models", "http://a/v1/models", "https://a//v1/models/", "HTTP://a/v1/models"})
        CHECK_MESSAGE(path(target) == "/v1/models", target);
    for (const auto* target : {"/", "//", "///", "http://a", "http://a/", "http://a?x=1", "/?x=1"})
        CHECK_MESSAGE(path(target) == "/", target);
    CHECK(path("/V1/models") == "/V1/models");
    CHECK(path("/v1/./models/..") == "/v1/./models/..");
    // An encoded slash is no separator, and cannot be confused with anything else.
    CHECK(path("/v1/models/a%2Fb") == "/v1/models/a%2Fb");
    CHECK(path("/v1/models/a%2fb%2f") == "/v1/models/a%2Fb%2F");
    CHECK(path("/v1/models/a%252Fb") == "/v1/models/a%252Fb");
    CHECK(path("/%2Fv1/models") == "/%2Fv1/models");
    CHECK(good(with("", "GET http://a?x=a%2Fb&y=1/2/ HTTP/1.1")).request.parameter("x") == "a/b");
    CHECK(good(with("", "OPTIONS * HTTP/1.1")).request.path == "/");
}

TEST_CASE("the host of an absolute-form target precedes the header's") {
    const auto head = good(with("", "GET http://api.test:80/x HTTP/1.1"));
    CHECK(head.request.header("host") == "api.test:80");
    CHECK(refused_with(with("", "GET http://api.test/x HTTP/1.1"), {"api.test"}) == 0);
    CHECK(refused_with("GET http://evil.test/x HTTP/1.1\r\nHost: api.test\r\n\r\n", {"api.test"}) == 421);
    CHECK(refused_with("GET http://api.test/x HTTP/1.1\r\n\r\n") == 400);
    CHECK(refused_with("GET http://evil.test/x HTTP/1.0\r\n\r\n", {"api.test"}) == 421);
}

TEST_CASE("a field is found in a header that is cut or malformed") {
    CHECK(field_in("GET / HTTP/1.1\r\nHost: a\r\nORIGIN:  https://a.test \r\nX: y", "origin") == "https://a.test");
    CHECK(field_in("GET / HTTP/1.1\nOrigin: a\n\n", "origin") == "a");
    CHECK(field_in("GET / HTTP/1.1\r\nX-Origin: a\r\n", "origin").empty());
    CHECK(field_in("Origin: a", "origin").empty());
    CHECK(field_in("GET /\r\nOrigin", "origin").empty());
}

TEST_CASE("unsupported methods and versions are rejected") {
    CHECK(refused_with(with("", "TRACE / HTTP/1.1")) == 405);
    CHECK(refused_with(with("", "CONNECT a:80 HTTP/1.1")) == 405);
    CHECK(refused_with(with("", "BREW / HTTP/1.1")) == 501);
    CHECK(refused_with(with("", "get / HTTP/1.1")) == 501);
    CHECK(refused_with(with("", "GET / HTTP/1.2")) == 505);
    CHECK(refused_with(with("", "GET / HTTP/2.0")) >= 400);
    CHECK(refused_with(with("", "GET /")) == 400);
}

TEST_CASE("ambiguous lines are rejected") {
    CHECK(refused_with(with("X: a\r\n b\r\n")) == 400);
    CHECK(refused_with(with("X: a\r\n\tb\r\n")) == 400);
    CHECK(refused_with(with("X : a\r\n")) == 400);
    CHECK(refused_with(with("X y: a\r\n")) == 400);
    CHECK(refused_with(with("X: a\nY: b\r\n")) == 400);
    CHECK(refused_with(with(std::string("X: a\0b\r\n", 8))) == 400);
    CHECK(refused_with(with("X: a\rb\r\n")) == 400);
    CHECK(refused_with(with("X: \xff\r\n")) == 400);
    CHECK(refused_with(with(": a\r\n")) == 400);
    CHECK(refused_with("\x16\x03\x01\r\n\r\n") == 400);
}

TEST_CASE("encoded bodies and unknown expectations are rejected") {
    CHECK(refused_with(with("Content-Encoding: gzip\r\n")) == 415);
    CHECK(refused_with(with("Content-Encoding: identity\r\n")) == 0);
    CHECK(refused_with(with("Expect: 200-ok\r\n")) == 417);
    CHECK(good(with("Expect: 100-Continue\r\n")).expects_continue);
}

TEST_CASE("an upgrade needs GET and both headers") {
    CHECK(good(with("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n", "GET /ws HTTP/1.1")).websocket);
    CHECK_FALSE(good(with("Upgrade: websocket\r\n", "GET /ws HTTP/1.1")).websocket);
    CHECK_FALSE(good(with("Connection: Upgrade\r\nUpgrade: h2c\r\n", "GET /ws HTTP/1.1")).websocket);
    CHECK_FALSE(good(with("Connection: Upgrade\r\nUpgrade: websocket\r\n")).websocket);
    CHECK_FALSE(good(with("Connection: Upgrade\r\nUpgrade: websocket\r\n", "GET /ws HTTP/1.0")).websocket);
}

TEST_CASE("a valid request id and traceparent are used, others are replaced") {
    CHECK(request_id_from("abc-1._Z") == "abc-1._Z");
    for (const auto* bad : {"", "a b", "a\tb", "\xC3\xA9"}) CHECK(request_id_from(bad).size() == 36);
    CHECK(request_id_from(std::string(65, 'a')).size() == 36);

    const std::string given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    CHECK(traceparent_from(given) == given);
    for (const auto* bad : {"", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
             "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
             "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
        const auto made = traceparent_from(bad);
        CHECK(made != bad);
        CHECK(traceparent_from(made) == made);
    }
}
