#include "platform/text/opaque_string.hpp"

#include <doctest/doctest.h>

using namespace airi::text;

TEST_CASE("passwords that look the same on every keyboard are the same (RFC 8265)") {
    CHECK(opaque_string("correct horse") == "correct horse");
    CHECK(opaque_string("a\u00A0b\u3000c\u2003d") == "a b c d");
    CHECK(opaque_string("pa\u0308ss") == "p\u00E4ss");
    CHECK(opaque_string("\u212B") == "\u00C5");
    CHECK(opaque_string("\U0001D11E \U0001F600!") == "\U0001D11E \U0001F600!");
    // No case mapping, and no compatibility mapping: a wide letter stays one.
    CHECK(opaque_string("\u03A3\uFF21") == "\u03A3\uFF21");
    CHECK(opaque_string(" ") == " ");
}

TEST_CASE("control characters, invisible and unassigned ones are in no password") {
    for (const auto* text : {"", "a\tb", "a\nb", "a\x7F", "a\u0085", "a\u200Bb", "a\u00ADb", "a\uFE0Fb", "a\u202Eb",
             "a\uFFFF", "a\uE000", "a\u0378", "\u1100\u1161"})
        CHECK_MESSAGE(!opaque_string(text), text);
}

TEST_CASE("joiners stand only where a script needs them") {
    CHECK(opaque_string("\u0915\u094D\u200D\u0937"));
    CHECK(opaque_string("\u0915\u094D\u200C\u0937"));
    CHECK(opaque_string("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645"));
    for (const auto* text : {"\u200D", "a\u200Db", "a\u200Cb", "\u200Ca", "a\u200C", "\U0001F468\u200D\U0001F469"})
        CHECK_MESSAGE(!opaque_string(text), text);
}

TEST_CASE("the letters and digits of a text are those that it is recognised by") {
    CHECK(letters_of("Jane.Doe-42!", false) == "janedoe");
    CHECK(letters_of("Jane.Doe-42!", true) == "janedoe42");
    CHECK(letters_of("\uFF21\u00E9\u00DF", false) == "aess");
    CHECK(letters_of("4711", false).empty());
}
