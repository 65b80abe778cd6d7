#include <doctest/doctest.h>

#include "platform/http/client.hpp"
#include "platform/http/url.hpp"

namespace airi::tests {

TEST_CASE("a URL is split into its parts") {
    const auto plain = http::parse_url("HTTP://Example.COM:8080/a/b?c=d#frag").value();
    CHECK(!plain.tls);
    CHECK(plain.host == "example.com");
    CHECK(plain.port == "8080");
    CHECK(plain.authority == "example.com:8080");
    CHECK(plain.target == "/a/b?c=d");

    const auto bare = http::parse_url("https://example.com").value();
    CHECK(bare.tls);
    CHECK(bare.port == "443");
    CHECK(bare.authority == "example.com");
    CHECK(bare.target == "/");
    CHECK(http::parse_url("https://example.com?x=1").value().target == "/?x=1");

    const auto six = http::parse_url("http://[::1]:81/x").value();
    CHECK(six.host == "::1");
    CHECK(six.authority == "[::1]:81");
}

TEST_CASE("a misleading URL is rejected") {
    for (const auto* text : {"", "example.com", "ftp://example.com", "http://", "http:///x", "http://a@b/",
             "http://user:pw@b/", "http://a:0/", "http://a:99999/", "http://a:x/", "http://a:/", "http://a b/",
             "http://a\\b/", "http://a/\r\nX: y", "http://a/\x7f", "http://\xc3\xa4/", "http://[::1/", "http://[zz]/",
             "http://[::1]x/", "http://a,b/"})
        CHECK_MESSAGE(http::parse_url(text).has_error(), text);
}

}  // namespace airi::tests
