#include "platform/base/utf8.hpp"

#include <doctest/doctest.h>

using namespace airi;

TEST_CASE("text is UTF-8 without overlong forms and surrogates") {
    CHECK(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    for (const auto* bad :
        {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF"})
        CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("a text is measured and cut in characters") {
    CHECK(code_points("") == 0);
    CHECK(code_points("p\u00E4\u5B57\U0001F600") == 4);
    CHECK(first_code_points("p\u00E4\u5B57\U0001F600", 3) == "p\u00E4\u5B57");
    CHECK(first_code_points("p\u00E4", 9) == "p\u00E4");
    CHECK(first_code_points("p\u00E4", 0).empty());
}
