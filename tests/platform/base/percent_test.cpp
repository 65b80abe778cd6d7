#include "platform/base/percent.hpp"

#include <doctest/doctest.h>

using namespace airi;

TEST_CASE("all but the unreserved characters of RFC 3986 are encoded, byte by byte") {
    CHECK(percent_encoded("azAZ09-._~") == "azAZ09-._~");
    CHECK(percent_encoded("a b+c&d=e/%\n") == "a%20b%2Bc%26d%3De%2F%25%0A");
    CHECK(percent_encoded("\xC3\xA9") == "%C3%A9");
    CHECK(percent_encoded("") == "");
}

TEST_CASE("a form keeps its order and is appended to an existing query") {
    CHECK(form_encoded({{"a", "1"}, {"b", "x&y=z"}, {"c", ""}}) == "a=1&b=x%26y%3Dz&c=");
    CHECK(with_query("https://a/b", "c=1") == "https://a/b?c=1");
    CHECK(with_query("https://a/b?x=1", "c=1") == "https://a/b?x=1&c=1");
    CHECK(with_query("https://a/b?", "c=1") == "https://a/b?c=1");
    CHECK(with_query("https://a/b", "") == "https://a/b");
}

TEST_CASE("the characters to keep are not encoded") {
    CHECK(percent_encoded("a b/c", "/") == "a%20b/c");
    CHECK(percent_encoded("a/b?", "?") == "a%2Fb?");
}

TEST_CASE("decoding is the inverse of encoding, and rejects incomplete escapes") {
    CHECK(percent_decoded(percent_encoded("a b+c/%\n\xC3\xA9")) == "a b+c/%\n\xC3\xA9");
    CHECK(percent_decoded("a+%2f") == "a+/");
    for (const auto* bad : {"%", "a%2", "%2x", "%-1", "%%20"}) CHECK_FALSE(percent_decoded(bad));
}
