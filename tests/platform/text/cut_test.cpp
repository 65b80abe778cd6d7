#include "platform/text/cut.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace airi::text;

TEST_CASE("a text is cut between letters and signs as readers see them") {
    const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";  // five code points
    CHECK(cut("abc", 3) == "abc");
    CHECK(cut("abc", 2) == "ab");
    CHECK(cut("ab" + family, 7) == "ab" + family);
    for (const std::size_t most : {2, 3, 4, 5, 6}) CHECK(cut("ab" + family + "c", most) == "ab");
    CHECK(cut("ae\u0301x", 2) == "a");
    CHECK(cut("a\U0001F44D\U0001F3FDx", 2) == "a");
    CHECK(cut("a\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 4) == "a\U0001F1E9\U0001F1EA");
    CHECK(cut("\u0915\u094D\u0937\u093F", 1) != "\u0915\u094D");
    CHECK(cut("", 3).empty());
    // One cluster that is too long ends somewhere.
    std::string accents = "a";
    for (int i = 0; i < 100; ++i) accents += "\u0301";
    CHECK(cut(accents, 60).size() == 1 + 59 * 2);
}
