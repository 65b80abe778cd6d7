#include "platform/base/markup.hpp"

#include <doctest/doctest.h>

using namespace airi;

TEST_CASE("content keeps quotes and escapes what begins a tag or an entity") {
    std::string out = "<p>";
    append_content(out, R"(a < b && c > "d")");
    CHECK(out == R"(<p>a &lt; b &amp;&amp; c &gt; "d")");
}

TEST_CASE("an attribute escapes quotes of both kinds too") {
    CHECK(escaped_attribute(R"("><script>'&)") == "&quot;&gt;&lt;script&gt;&#39;&amp;");
    CHECK(escaped_attribute("").empty());
}
