#include "platform/base/split.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace airi;

namespace {

std::vector<std::string> parts(std::string_view text, char separator = ',') {
    const auto all = split(text, separator);
    return {all.begin(), all.end()};
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a list is split at its separator, and the parts are trimmed") {
    CHECK(parts("a") == list{"a"});
    CHECK(parts("a,b") == list{"a", "b"});
    CHECK(parts(" a b ,\tc\t") == list{"a b", "c"});
    CHECK(parts("a b  c", ' ') == list{"a", "b", "c"});
    CHECK(parts("a=1&b=2", '&') == list{"a=1", "b=2"});
}

TEST_CASE("empty parts of a list are left out") {
    CHECK(parts("") == list{});
    CHECK(parts(",") == list{});
    CHECK(parts(" , ,\t") == list{});
    CHECK(parts(",a,,b,") == list{"a", "b"});
    CHECK(parts("a, ") == list{"a"});
}
