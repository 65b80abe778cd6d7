#include "platform/safety/patterns.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "platform/base/json.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using airi::test::contains;
using safety::pattern_set;

namespace {

struct row {
    std::string pattern, category, action;
};

safety::blocked_terms list_of(const std::vector<row>& rows) {
    json::array out;
    for (const auto& [pattern, category, action] : rows)
        out.add_raw(json::object()
                .add("term", pattern)
                .add("category", category)
                .add("action", action)
                .add("pattern", true)
                .text());
    return safety::blocked_terms(out.text());
}

}  // namespace

TEST_CASE(
    "AIRI-33 SAAS-36: a pattern that cannot be bounded, or matches nearly everything, is rejected with its reason") {
    for (const auto& [pattern, reason] : {std::pair{"kill.*you", "no greatest length"}, {"(a+)+bcd", "no greatest"},
             {"a{0,3}", "shorter than 3"}, {"", "shorter than 3"}, {"a|bcd", "shorter than 3"},
             {"a.{1,99}b", "longer than 100 bytes"}, {"(x{1,100}){1,100}yyy", "longer than 100 bytes"},
             {"foo$", "end of the text"}, {"[abc", "Unterminated character class"}, {"(abc)\\1", "ack-references"},
             {"(?=abc)abc", "Zero-width assertions"}, {"abc{2,1}", "is no pattern"},
             {"((((a{1,10}){1,10}){1,10}){1,10}){1,10}", "more than two groups"}, {"café noir", "é"},
             {"Привет", "write п"}, {"[а-я]{3}", "brackets or repeated"}, {"да{1,3}", "а in brackets or repeated"}}) {
        CAPTURE(pattern);
        const auto fault = pattern_set::fault_of(pattern);
        REQUIRE(fault);
        CHECK_MESSAGE(contains(*fault, reason), *fault);
    }
    CHECK(contains(*pattern_set::fault_of(std::string(101, 'a')), "longer than 100 bytes"));
    CHECK(pattern_set::fault_of(std::string("ab\0cd", 5)));
    for (const std::string pattern : {"call me at [0-9]{3} [0-9]{4}", "\\bfree (money|crypto)\\b", "убью .{1,9}тебя",
             "(да|нет){2} [a-z]", "^dear friend", "(buy|sell) ([a-z]{1,9} ){1,3}now", "[^a]{3,9}", "FREE"}) {
        CAPTURE(pattern);
        CHECK(pattern_set::fault_of(pattern).value_or("") == "");
    }
}

TEST_CASE("AIRI-33: a pattern is found in the words that terms are found in, and its category is the reason") {
    const auto list =
        list_of({{"call me at [0-9]{3} [0-9]{4}", "spam", "block"}, {"cheap [a-z]{1,9} pills", "spam", "warn"},
            {"cut (my|her) arm", "self_harm", "block"}, {"^first ", "other", "review"}});
    const auto action_of = [&](std::string_view text) { return list.screen(text).action; };
    CHECK(list.pattern_fault().empty());
    CHECK(list.screen("Please CALL me — at 555-1234!").reason == "blocked_pattern:spam");
    CHECK(list.screen("call me at 555.1234").confidence == 1.0);
    CHECK(action_of("c\xC3\xA1ll m\xC3\xA9 at 555 1234") == "block");
    CHECK(action_of("call me at 555 123") == "allow");
    CHECK(action_of("cheap, blue pills") == "warn");
    CHECK(action_of("I cut my arm") == "warn");
    CHECK(action_of("First of all") == "review");
    CHECK(action_of("the first of all") == "allow");
    CHECK(action_of("") == "allow");
    CHECK(list_of({{"убью .{1,9}тебя", "violence", "block"}}).screen("Убью, 1 Тебя").blocks());
    CHECK(list.screen("first: cheap blue pills, call me at 555 1234").categories ==
          std::vector<std::string>{"spam", "other"});
}

TEST_CASE("an invalid pattern of a database is left out and named, and the others are looked for") {
    const auto list = list_of({{"ki(ll", "violence", "block"}, {"spam [0-9]{2}", "spam", "block"}});
    CHECK(contains(list.pattern_fault(), "ki(ll"));
    CHECK(list.screen("spam 12").blocks());
    CHECK_FALSE(list.screen("kill").blocks());
    CHECK_FALSE(list_of({{"x*", "violence", "block"}}).pattern_fault().empty());
}

TEST_CASE("a hundred patterns take microseconds on 500 bytes, and the matches of 1 MB take no memory") {
    std::vector<row> rows;
    for (int i = 0; i < 100; ++i)
        rows.push_back({"(offer|deal) " + std::to_string(i) + " .{1,20}(now|today)", "spam", "block"});
    using clock = std::chrono::steady_clock;
    const auto loading = clock::now();
    const auto list = list_of(rows);
    const auto loaded = clock::now() - loading;
    std::string text;
    while (text.size() < 500) text += "I went to the market with my sister, who said that the deal 7 was cooking. ";
    text.resize(500);
    auto best = clock::duration::max();
    for (int i = 0; i < 50; ++i) {
        const auto start = clock::now();
        CHECK_FALSE(list.screen(text).blocks());
        best = std::min(best, clock::now() - start);
    }
    const auto us = [](auto time) { return std::chrono::duration_cast<std::chrono::microseconds>(time).count(); };
    MESSAGE(us(loaded), " us to load, ", us(best), " us for 500 bytes");
    CHECK(best < std::chrono::microseconds(400));  // of a build without optimisation
    const auto everything = list_of({{"[a-z ]{3,100}", "spam", "warn"}, {".{3,25}", "spam", "warn"}});
    CHECK(everything.screen(std::string(1'000'000, 'a')).action == "warn");
    std::string words;
    while (words.size() < 1'000'000) words += "some words ";
    CHECK(everything.screen(words).action == "warn");
}
