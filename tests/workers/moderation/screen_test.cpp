#include "workers/moderation/screen.hpp"
#include "tests/support/cpp/contains.hpp"

#include <doctest/doctest.h>

using namespace airi::workers::moderation;
using airi::test::contains;

namespace {

const std::vector<term> terms{
    {"bad", "profanity", "warn"},
    {"kill you", "violence", "block"},
    {"suspicious", "spam", "review"},
    {"cunt", "profanity", "block"},
};

std::string action_of(std::string_view text) { return screen(text, terms).action; }

}  // namespace

TEST_CASE("differently written texts are normalised to the same text") {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"Hello, World!", "hello world"},
        {"  spaces \t and\nlines  ", "spaces and lines"},
        {"\xEF\xBC\xA6\xEF\xBD\x92\xEF\xBD\x85\xEF\xBD\x85", "free"},  // full width
        {"\xD0\xB0\xD1\x81\xD0\xB5\xD0\xBE\xD1\x80", "aceop"},         // Cyrillic look-alikes
        {"\xD0\x90\xD0\x92\xD0\xA1", "abc"},                           // and their capitals
        {"\xCE\xBF\xCE\xB1", "oa"},                                    // Greek ones
        {"f\xE2\x80\x8Br\xE2\x80\x8C"
         "e\xE2\x80\x8D"
         "e\xEF\xBB\xBF",
            "free"},  // zero width
        {"so\xC2\xAD"
         "ft",
            "soft"},  // soft hyphen
        {"e\xCC\x81t\xCC\x82"
         "e",
            "ete"},  // combining marks
        {"\xE2\x80\xAE"
         "abc\xE2\x80\xAC",
            "abc"},  // direction overrides
        {"b@d $h", "bad sh"},
        {"don't", "don't"},
        {"f.r-e_e", "f r e e"},
        {"a\xE3\x80\x80z", "a z"},  // ideographic space
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"stra\xC3\x9F"
         "e",
            "stra\xC3\x9F"
            "e"},
        {"", ""},
        {"!?.,", ""},
    };
    for (const auto& [text, expected] : table) {
        CAPTURE(text);
        CHECK(normalise(text) == expected);
        CHECK(normalise(normalise(text)) == expected);
    }
}

TEST_CASE("truncated or invalid UTF-8 does no harm") {
    for (const std::string_view text : {"\xC3", "a\xE2\x82", "\xF0\x9F\x98", "\xff\xfe", "bad\x80"})
        static_cast<void>(screen(text, terms));
    CHECK(action_of("\xff bad") == "warn");
}

TEST_CASE("a term is found in every disguise that keeps its letters") {
    for (const std::string_view text : {"bad", "BAD", "so bad!", "b-a-d", "b a d", "b.a.d", "b4d", "b@d",
             "very b\xD0\xB0"
             "d",
             "b\xE2\x80\x8B"
             "ad",
             "\xEF\xBD\x82\xEF\xBD\x81\xEF\xBD\x84", "this is b a d indeed", "B4D", "b 4 d", "*bad*", "\"bad\""}) {
        CAPTURE(text);
        CHECK(action_of(text) == "warn");
    }
    CHECK(action_of("I will k1ll y0u") == "block");
    CHECK(action_of("kill\nyou") == "block");
    CHECK(action_of("k i l l you") == "block");
}

TEST_CASE("a term inside another word is not found") {
    for (const std::string_view text : {"Scunthorpe", "badge", "a forbad thing", "embadded", "bad-ish words: badly",
             "skill your tree", "I am b and d", "suspiciously"}) {
        CAPTURE(text);
        if (!contains(text, "bad-ish")) CHECK(action_of(text) == "allow");
    }
    CHECK(action_of("bad-ish") == "warn");
}

TEST_CASE("the most severe term decides, and its category comes first") {
    const auto found = screen("bad and suspicious, I will kill you", terms);
    CHECK(found.action == "block");
    CHECK(found.categories == std::vector<std::string>{"violence", "profanity", "spam"});
    CHECK(found.reason == "blocked_term:violence");
    CHECK(found.confidence == 1.0);
    CHECK(screen("bad but suspicious", terms).action == "review");
    CHECK(screen("bad but suspicious", terms).categories.front() == "spam");
}

TEST_CASE("a term found in disguise has a lower confidence") {
    CHECK(screen("bad", terms).confidence == 1.0);
    CHECK(screen("b4d", terms).confidence == 0.8);
    CHECK(screen("fine", terms).confidence == 0);
}

TEST_CASE("the verdict contains no text of the message") {
    const auto found = screen("my secret: kill you", terms);
    CHECK_FALSE(contains(found.reason, "secret"));
    CHECK(screen("hello", terms).action == "allow");
    CHECK(screen("hello", terms).reason.empty());
    CHECK(screen("anything", {}).action == "allow");
}
