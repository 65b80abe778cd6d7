#include <doctest/doctest.h>

#include "platform/http/ndjson.hpp"

namespace airi::tests {
namespace {

using namespace http;
using lines = std::vector<std::string>;

lines parsed(std::string_view stream) {
    lines first;
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        ndjson_parser parser;
        lines out;
        CHECK(!parser.push(stream.substr(0, at), out));
        CHECK(!parser.push(stream.substr(at), out));
        parser.finish(out);
        if (at == 0) first = out;
        CHECK(out == first);
    }
    return first;
}

}  // namespace

TEST_CASE("lines are complete wherever the bytes are split") {
    CHECK(parsed("{\"a\":1}\n{\"b\":2}\n") == lines{"{\"a\":1}", "{\"b\":2}"});
    CHECK(parsed("{\"a\":1}\r\n\r\n\n{\"b\":\"\xC3\xA4\"}\r\n") == lines{"{\"a\":1}", "{\"b\":\"\xC3\xA4\"}"});
}

TEST_CASE("a byte order mark is dropped at the start alone") {
    CHECK(parsed("\xEF\xBB\xBF"
                 "a\n\xEF\xBB\xBF"
                 "b\n") == lines{"a",
                               "\xEF\xBB\xBF"
                               "b"});
}

TEST_CASE("the last line needs no end") {
    CHECK(parsed("a\nb") == lines{"a", "b"});
    CHECK(parsed("").empty());
    CHECK(parsed("\n\r\n").empty());
}

TEST_CASE("a line over the bound ends the stream of lines") {
    ndjson_parser parser(10);
    lines out;
    CHECK(parser.push("short\n" + std::string(11, 'x') + "\nshort\n", out) == errc::malformed);
    CHECK(parser.push("short\n", out) == errc::malformed);
    parser.finish(out);
    CHECK(out == lines{"short"});
}

}  // namespace airi::tests
