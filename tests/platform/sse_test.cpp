#include <doctest/doctest.h>

#include "platform/http/sse.hpp"

namespace airi::tests {
namespace {

using namespace std::string_literals;
using namespace http;
using events = std::vector<sse_event>;

// What the stream gives when it comes whole, cut in two at every place, and byte by byte: always the same.
events parsed(std::string_view stream) {
    events whole;
    CHECK(!sse_parser().push(stream, whole));
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        sse_parser parser;
        events split;
        CHECK(!parser.push(stream.substr(0, at), split));
        CHECK(!parser.push(stream.substr(at), split));
        CHECK(split == whole);
    }
    sse_parser parser;
    events single;
    for (const char byte : stream) CHECK(!parser.push({&byte, 1}, single));
    CHECK(single == whole);
    return whole;
}

events messages(std::vector<std::string> data) {
    events out;
    for (auto& each : data) out.push_back({"message", std::move(each), ""});
    return out;
}

}  // namespace

TEST_CASE("lines end with LF, CR or CRLF, also mixed") {
    const auto expected = messages({"a", "b"});
    CHECK(parsed("data: a\n\ndata: b\n\n") == expected);
    CHECK(parsed("data: a\r\rdata: b\r\r") == expected);
    CHECK(parsed("data: a\r\n\r\ndata: b\r\n\r\n") == expected);
    CHECK(parsed("data: a\r\n\ndata: b\n\r\n") == expected);
    CHECK(parsed("data: a\n\rdata: b\r\r\n") == expected);
}

TEST_CASE("one space after the colon is dropped, and none is needed") {
    CHECK(parsed("data:a\n\ndata: b\n\ndata:  c\n\ndata:\td\n\n") == messages({"a", "b", " c", "\td"}));
}

TEST_CASE("several data lines make one event") {
    CHECK(parsed("data: a\ndata: b\ndata\ndata:\n\n") == messages({"a\nb\n\n"}));
    CHECK(parsed("data\n\n") == messages({""}));
    CHECK(parsed("data\ndata\n\n") == messages({"\n"}));
}

TEST_CASE("an event without data is dropped together with its type") {
    CHECK(parsed("event: x\n\ndata: a\n\n") == messages({"a"}));
    CHECK(parsed("event: x\ndata: a\n\ndata: b\n\n") == events{{"x", "a", ""}, {"message", "b", ""}});
}

TEST_CASE("comments and unknown fields are ignored") {
    CHECK(parsed(": ping\n\n:\n\ndata: a\n:x\nnovelty: 1\nDATA: no\n data: no\n\n") == messages({"a"}));
}

TEST_CASE("a byte order mark is dropped at the start alone") {
    CHECK(parsed("\xEF\xBB\xBF"
                 "data: a\n\n\xEF\xBB\xBF"
                 "data: b\n\n") == messages({"a"}));
    CHECK(
        parsed("\xEF\xBB"
               "data: a\n\n")
            .empty());
}

TEST_CASE("the last event without a blank line is dropped") {
    CHECK(parsed("data: a\n\ndata: b\n") == messages({"a"}));
    CHECK(parsed("data: a\n\ndata: b") == messages({"a"}));
    CHECK(parsed("").empty());
}

TEST_CASE("an id stays until it changes, and one with NUL is ignored") {
    CHECK(parsed("id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n"s) ==
          events{{"message", "a", "1"}, {"message", "b", "1"}, {"message", "c", "1"}, {"message", "d", ""}});
}

TEST_CASE("only digits set the reconnection time") {
    sse_parser parser;
    events none;
    CHECK(!parser.push("retry: 12x\nretry: -3\nretry:\nretry: 99999999999999999999\n", none));
    CHECK(!parser.retry());
    CHECK(!parser.push("retry: 2500\n\n", none));
    CHECK(parser.retry() == milliseconds(2500));
}

TEST_CASE("data bytes are not changed") {
    CHECK(parsed("data: \xF0\x9F\x99\x82 a:b \xFF\0\n\n"s) == messages({"\xF0\x9F\x99\x82 a:b \xFF\0"s}));
}

TEST_CASE("a line over the bound ends the stream") {
    for (const std::size_t step : {1u, 7u, 1000u}) {
        sse_parser parser(100);
        events out;
        error_code failed;
        const auto stream = "data: a\n\ndata: " + std::string(200, 'x') + "\n\ndata: b\n\n";
        for (std::size_t at = 0; at < stream.size(); at += step)
            failed = parser.push(std::string_view(stream).substr(at, step), out);
        CHECK(failed == errc::malformed);
        CHECK(out == messages({"a"}));
    }
}

TEST_CASE("many short lines do not make an event over the bound") {
    sse_parser parser(100);
    events out;
    error_code failed;
    for (int i = 0; i < 200 && !failed; ++i) failed = parser.push("data: x\n", out);
    CHECK(failed == errc::malformed);
    sse_parser empty_lines(100);
    failed = {};
    for (int i = 0; i < 200 && !failed; ++i) failed = empty_lines.push("data\n", out);
    CHECK(failed == errc::malformed);
}

}  // namespace airi::tests
