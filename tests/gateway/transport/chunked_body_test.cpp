#include "gateway/transport/chunked_body.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"

using namespace airi::gateway;
using state = chunked_body::state;

namespace {

struct outcome {
    state end = state::more;
    std::string body;
    std::size_t used = 0;
};

// Feeds the bytes in pieces of that size, as long as more is wanted.
outcome fed(std::string_view bytes, std::size_t piece = 1'000'000, std::size_t limit = 64) {
    chunked_body chunks(limit);
    outcome out;
    while (out.end == state::more && out.used < bytes.size()) {
        std::size_t used = 0;
        out.end = chunks.feed(bytes.substr(out.used, piece), out.body, used);
        out.used += used;
    }
    return out;
}

state end_of(std::string_view bytes) {
    const auto whole = fed(bytes).end;
    CHECK(fed(bytes, 1).end == whole);
    return whole;
}

}  // namespace

TEST_CASE("chunks are joined however they arrive, and the bytes behind them are left") {
    const std::string bytes =
        "5\r\nhello\r\n6;name=\"a b\"\r\n world\r\n00A\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
        CAPTURE(piece);
        const auto got = fed(bytes, piece);
        CHECK(got.end == state::done);
        CHECK(got.body == "hello world0123456789");
        CHECK(bytes.substr(got.used) == "GET / HTTP/1.1\r\n");
    }
    CHECK(fed("0\r\n\r\n").body.empty());
    CHECK(end_of("0\r\n\r\n") == state::done);
    CHECK(end_of("5\r\nhel") == state::more);
}

TEST_CASE("a body in chunks has the same limit as one with a length") {
    CHECK(end_of("40\r\n" + std::string(64, 'x') + "\r\n0\r\n\r\n") == state::done);
    CHECK(end_of("41\r\n" + std::string(65, 'x') + "\r\n0\r\n\r\n") == state::too_large);
    CHECK(end_of("20\r\n" + std::string(32, 'x') + "\r\n21\r\n") == state::too_large);
    for (const auto* size : {"ffffffff", "fffffffff", "ffffffffffffffff", "10000000000000001"})
        CHECK(end_of(std::string(size) + "\r\nx") == state::too_large);
    // The announcement is enough, and costs no memory.
    CHECK(fed("ffffffff\r\n").body.capacity() < 64);
}

TEST_CASE("chunks that two readers could understand in two ways are refused") {
    for (const auto* bad : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\na", " 1\r\na", "1 \r\na", "1\na", "1\r\r\na",
             "1\r\na\n", "1\r\nab\r\n", "1\r\na\r0", "1;a\nb\r\na", "1;\x01\r\na", "1;a\rb\r\na", "1\t;a\r\na",
             ";a\r\n", "0\n\r\n", "0\r\n\n", "0\r\n\rx"}) {
        CAPTURE(bad);
        CHECK(end_of(bad) == state::malformed);
    }
}

TEST_CASE("trailers are refused, whatever their size") {
    CHECK(end_of("0\r\nX: 1\r\n\r\n") == state::malformed);
    CHECK(end_of("0\r\nAuthorization: Bearer evil\r\n\r\n") == state::malformed);
    CHECK(end_of("0\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n") == state::malformed);
}

TEST_CASE("extensions cost a client more than they may, single bytes do not") {
    CHECK(end_of("1;" + std::string(20'000, 'x') + "\r\na\r\n0\r\n\r\n") == state::malformed);
    std::string small, extended;
    for (int i = 0; i < 60; ++i) {
        small += "1\r\na\r\n";
        extended += "1;" + std::string(400, 'x') + "\r\na\r\n";
    }
    CHECK(end_of(small + "0\r\n\r\n") == state::done);
    CHECK(end_of(extended + "0\r\n\r\n") == state::malformed);
}
